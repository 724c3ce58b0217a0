# Probes scimmy-routers as Test Connection does.
. .ci/peers.d/peer.sh

version=1.3.2
install "scimmy-routers-$version" "scimmy-routers@$version" scimmy@1.3.5 express@5.3.0
port=$(free_port)
NODE_PATH=.cache/peers/scimmy-routers-$version/node_modules start listening "$node" .ci/peers.d/scimmy.cjs "$port"
ONBOARD_TEST_SCIM_URL="http://127.0.0.1:$port/scim" run_tests -run '^TestProbeAgainstPeer$' ./cmd/onboard
