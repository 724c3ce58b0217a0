# A static binary on an empty image: no shell, no package manager, no root. "make image" makes the same image without an engine
# (docs/operations.md); it reads the last stage here.
FROM golang:1.26.8 AS build
WORKDIR /src
COPY go.mod go.sum ./
COPY .ci/tools/image/go.mod .ci/tools/image/go.sum .ci/tools/image/
RUN go mod download && go -C .ci/tools/image mod download
COPY . .
ARG VERSION=unversioned REVISION=unknown SOURCE_DATE_EPOCH=0
RUN VERSION=$VERSION REVISION=$REVISION SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH .ci/payload /out

FROM scratch
ARG VERSION=unversioned REVISION=unknown CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="Aritma Entra onboarding" \
      org.opencontainers.image.description="Connects a company's Entra ID to Aritma" \
      org.opencontainers.image.source="https://github.com/aritma/entra-onboard" \
      org.opencontainers.image.documentation="https://github.com/aritma/entra-onboard/blob/main/docs/operations.md" \
      org.opencontainers.image.vendor="Aritma" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.created="$CREATED"
COPY --from=build /out/onboard /out/sbom.cdx.json /
COPY --from=build --chown=65532:65532 /out/data /data
ENV ONBOARD_LISTEN=0.0.0.0:8080 \
    ONBOARD_DATABASE_URL=sqlite:///data/onboard.db \
    SQLITE_TMPDIR=/data
USER 65532:65532
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s --retries=3 CMD ["/onboard", "healthcheck"]
ENTRYPOINT ["/onboard"]
CMD ["serve"]
