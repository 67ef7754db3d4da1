# The program as a static binary on a small base, run by nobody in particular.
#
#   docker build -t etl .
#
# The base needs nothing but the certificates of authorities. Where no registry is reached, scripts/image makes both images
# from what the machine has.
ARG GO_IMAGE=golang:1.26.8-bookworm
ARG BASE_IMAGE=alpine:3.22.2

FROM ${GO_IMAGE} AS build
# What `etl version` says; there is no repository in here to read it from.
ARG VERSION
ARG COMMIT
ARG DATE
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w -X main.version=$VERSION -X main.commit=$COMMIT -X main.date=$DATE" -o /etl ./cmd/etl && mkdir /empty

FROM ${BASE_IMAGE}
COPY --from=build /etl /usr/local/bin/etl
COPY LICENSE NOTICE /usr/share/doc/etl/
# A folder that the program may write to: a volume mounted there starts with its owner.
COPY --from=build --chown=65532:65532 /empty /var/lib/etl
USER 65532:65532
WORKDIR /etc/etl
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/etl"]
CMD ["serve"]
