# A static binary on an empty image: no shell, no package manager, no root.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /out/onboard ./cmd/onboard \
 && mkdir -p /out/data && chmod 0700 /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/onboard /onboard
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
ENV ONBOARD_LISTEN=0.0.0.0:8080 \
    ONBOARD_DATABASE_URL=sqlite:///data/onboard.db
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["/onboard"]
CMD ["serve"]
