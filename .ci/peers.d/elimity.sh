# Probes elimity-com/scim, which the test itself serves; no Node is needed.
set -euo pipefail

"${GO:-go}" test -race -count=1 -tags peers -v -run '^TestProbeAgainstPeerInside$' ./cmd/onboard
