# Signs in at oidc-provider: the client alone, then the very program in Chromium and Firefox.
. .ci/peers.d/peer.sh

.ci/need chromium firefox-esr
version=9.13.3
install "oidc-provider-$version" "oidc-provider@$version"
port=$(free_port)
NODE_PATH=.cache/peers/oidc-provider-$version/node_modules start listening "$node" .ci/peers.d/oidc.cjs "$port"
ONBOARD_TEST_ID_URL="http://127.0.0.1:$port" run_tests -run '^TestPeer' ./internal/signin ./cmd/onboard
