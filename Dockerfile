# syntax=docker/dockerfile:1
# One image for each program: docker build --target cdc-ingestor -t contribution/cdc-ingestor:0.1.0 .
# All programs are compiled once, in the stage `build`; the images differ in the one file that they run.

FROM rust:1.95.0-bookworm AS build
# librdkafka is compiled from the sources in its crate: a C++ compiler, make and zlib.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends build-essential pkg-config zlib1g-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# The image's own toolchain: rust-toolchain.toml also asks for rustfmt and clippy, which nobody needs here.
# Statements are checked against .sqlx/, without a database.
ENV RUSTUP_TOOLCHAIN=1.95.0 SQLX_OFFLINE=true CARGO_TERM_COLOR=never
COPY Cargo.toml Cargo.lock ./
COPY .sqlx .sqlx
COPY migrations migrations
COPY crates crates
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    cargo build --release --locked --bins \
 && mkdir /programs \
 && cp target/release/cdc-ingestor target/release/distributor target/release/scheduler \
       target/release/outbox-relay target/release/query-api target/release/contribctl /programs/

FROM debian:bookworm-slim AS runtime
# Versions follow the release: a rebuild takes its security fixes.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates zlib1g \
 && rm -rf /var/lib/apt/lists/*
COPY config /etc/contribution
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.vendor="Contribution Service" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
USER 65532:65532
WORKDIR /
# Programs finish the step in hand within 9 seconds.
STOPSIGNAL SIGTERM

FROM runtime AS cdc-ingestor
LABEL org.opencontainers.image.title="cdc-ingestor" \
      org.opencontainers.image.description="Debezium's change events from Kafka into the synced tables"
COPY --from=build /programs/cdc-ingestor /usr/local/bin/
ENV CONTRIB__HEALTH__PORT=3031
EXPOSE 3031
ENTRYPOINT ["cdc-ingestor", "--config", "/etc/contribution"]

FROM runtime AS distributor
LABEL org.opencontainers.image.title="distributor" \
      org.opencontainers.image.description="Numbers adoptions and carries the numbers out"
COPY --from=build /programs/distributor /usr/local/bin/
ENV CONTRIB__HEALTH__PORT=3032
EXPOSE 3032
ENTRYPOINT ["distributor", "--config", "/etc/contribution"]

FROM runtime AS scheduler
LABEL org.opencontainers.image.title="scheduler" \
      org.opencontainers.image.description="Jobs on the business calendar"
COPY --from=build /programs/scheduler /usr/local/bin/
ENV CONTRIB__HEALTH__PORT=3033
EXPOSE 3033
ENTRYPOINT ["scheduler", "--config", "/etc/contribution"]

FROM runtime AS outbox-relay
LABEL org.opencontainers.image.title="outbox-relay" \
      org.opencontainers.image.description="Publishes the outbox to Kafka"
COPY --from=build /programs/outbox-relay /usr/local/bin/
ENV CONTRIB__HEALTH__PORT=3034
EXPOSE 3034
ENTRYPOINT ["outbox-relay", "--config", "/etc/contribution"]

# Health and metrics are answered on the API's own port.
FROM runtime AS query-api
LABEL org.opencontainers.image.title="query-api" \
      org.opencontainers.image.description="The HTTP API and the console"
COPY --from=build /programs/query-api /usr/local/bin/
EXPOSE 3020
ENTRYPOINT ["query-api", "--config", "/etc/contribution"]

# The operators' command line, and the job that migrates: docker run … contribution/contribctl:0.1.0 migrate
FROM runtime AS contribctl
LABEL org.opencontainers.image.title="contribctl" \
      org.opencontainers.image.description="The operators' command line"
COPY --from=build /programs/contribctl /usr/local/bin/
ENTRYPOINT ["contribctl", "--config", "/etc/contribution"]
CMD ["--help"]
