# Walks the flow against prism.
. .ci/peers.d/peer.sh

prism=5.16.0
install "prism-$prism" "@stoplight/prism-cli@$prism"
port=$(free_port)
start "Prism is listening" "$node" ".cache/peers/prism-$prism/node_modules/@stoplight/prism-cli/dist/index.js" \
  mock --errors -h 127.0.0.1 -p "$port" internal/iam/testdata/iam-openapi.yaml
ONBOARD_TEST_IAM_URL="http://127.0.0.1:$port" run_tests -run '^TestLiveModeAgainstPeer$' ./cmd/onboard
