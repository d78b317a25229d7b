# Two programs, `muster` and `muster-agent`, on a small Debian. The build downloads crates and nothing else.

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock clippy.toml ./
COPY protocol protocol
COPY audit audit
COPY agent agent
COPY server server
COPY tests/Cargo.toml tests/Cargo.toml
COPY tests/harness tests/harness
COPY tests/suite tests/suite
COPY migrations migrations
COPY templates templates
COPY locales locales
# Two builds, because features unite: the server uses the agent without its command line.
RUN cargo build --locked --release -p muster && cargo build --locked --release -p muster-agent

FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --user-group --home-dir /var/lib/muster --shell /usr/sbin/nologin muster \
    && install -d -o muster -g muster -m 0700 /var/lib/muster /var/lib/muster-key
COPY --from=build /src/target/release/muster /src/target/release/muster-agent /usr/local/bin/
COPY LICENSE server/paper/FONTS.txt /usr/share/doc/muster/
USER muster
WORKDIR /var/lib/muster
# The key file lies apart from what it seals, so that a copy of the one is not a copy of both.
ENV MUSTER_DATA_DIR=/var/lib/muster \
    MUSTER_KEY_FILE=/var/lib/muster-key/secret.key \
    MUSTER_PORTAL_LISTEN=0.0.0.0:8080 \
    MUSTER_DEVICE_LISTEN=0.0.0.0:8443
VOLUME ["/var/lib/muster", "/var/lib/muster-key"]
EXPOSE 8080 8443
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /readyz HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["muster"]
CMD ["serve"]
