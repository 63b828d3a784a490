# The images of Ardoise. `make images` builds them all; one by hand:
#   docker build --target ardoise --build-arg VARIANT=edge -t localhost/ardoise/edge:0.1.0 .
# Targets: ardoise (VARIANT=full: services of a region, jobs; VARIANT=edge: services of the truck), nats, etcd, patroni.
#
# What a machine needs to reach packages is mounted while a step runs, and is part of no image: the secret `host`, a
# shell script that sets proxies, an index, a mirror, and the secret `ca`, the certificates that it trusts.
#
# What changes seldom comes first, Ardoise itself last: a new version of it is one layer of 5 MB, the same for every image.
ARG BASE=debian:trixie-slim
ARG VARIANT=full

FROM ${BASE} AS python
# A user with a name: PostgreSQL and Python ask for one. Programs that become root have no use here.
RUN --mount=type=secret,id=host --mount=type=secret,id=ca \
    set -e; test ! -e /run/secrets/host || . /run/secrets/host; \
    apt-get update && apt-get install --yes --no-install-recommends python3.13 tzdata; \
    rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*; \
    groupadd --gid 10001 ardoise; \
    useradd --uid 10001 --gid 10001 --home-dir /var/lib/ardoise --shell /usr/sbin/nologin ardoise; \
    install --directory --mode=0750 --owner=10001 --group=10001 /var/lib/ardoise; \
    find / -xdev -type f -perm /6000 -exec chmod a-s {} +
ENV PATH=/opt/ardoise/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    ARDOISE_STATE_DIR=/var/lib/ardoise \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /var/lib/ardoise
ENTRYPOINT ["ardoise"]


# What makes images and is in none.
FROM python AS build
ARG UV_VERSION=0.13.9
RUN --mount=type=secret,id=host --mount=type=secret,id=ca \
    set -e; test ! -e /run/secrets/host || . /run/secrets/host; \
    apt-get update && apt-get install --yes --no-install-recommends python3.13-venv; \
    python3.13 -m venv /build && /build/bin/pip install --quiet "uv==$UV_VERSION"
ENV PATH=/build/bin:$PATH \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_PROJECT_ENVIRONMENT=/opt/ardoise \
    UV_PYTHON=/usr/bin/python3.13 \
    UV_PYTHON_DOWNLOADS=never
COPY scripts/image-added /build/bin/
WORKDIR /source
COPY pyproject.toml uv.lock ./


FROM build AS packages-edge
RUN --mount=type=secret,id=host --mount=type=secret,id=ca \
    set -e; test ! -e /run/secrets/host || . /run/secrets/host; \
    image-added uv sync --frozen --no-dev --no-install-project --extra wall --extra otlp --extra trackers

FROM packages-edge AS packages-nats
RUN --mount=type=secret,id=host --mount=type=secret,id=ca \
    set -e; test ! -e /run/secrets/host || . /run/secrets/host; \
    image-added uv sync --frozen --no-dev --no-install-project --inexact --extra nats

FROM packages-edge AS packages-full
RUN --mount=type=secret,id=host --mount=type=secret,id=ca \
    set -e; test ! -e /run/secrets/host || . /run/secrets/host; \
    image-added uv sync --frozen --no-dev --no-install-project --inexact --extra region --extra operator --extra drills

FROM packages-full AS packages-patroni
RUN --mount=type=secret,id=host --mount=type=secret,id=ca \
    set -e; test ! -e /run/secrets/host || . /run/secrets/host; \
    image-added uv sync --frozen --no-dev --no-install-project --inexact --extra sites

FROM packages-edge AS wheel
RUN --mount=type=secret,id=host --mount=type=secret,id=ca \
    set -e; test ! -e /run/secrets/host || . /run/secrets/host; \
    UV_PROJECT_ENVIRONMENT=/hatch uv sync --frozen --only-group build
COPY LICENSE ./
COPY services services
COPY operator operator
# The README changes often and is of no use in there: the wheel has an empty one.
RUN touch README.md && /hatch/bin/hatchling build --target wheel --directory /wheel && \
    image-added uv pip install --offline --no-deps --python /opt/ardoise/bin/python /wheel/*.whl


# The stage that drills ride.
FROM python AS rehearsed
COPY events/tour-des-cols /stage/tour-des-cols


FROM python AS base-edge
COPY --from=packages-edge /added/ /

FROM base-edge AS base-full
COPY --from=packages-full /added/ /
COPY --from=rehearsed /stage/ /usr/share/ardoise/


FROM base-${VARIANT} AS ardoise
ARG VARIANT
ARG VERSION
COPY --from=wheel /added/ /
USER 10001:10001
LABEL org.opencontainers.image.title="Ardoise, $VARIANT" \
    org.opencontainers.image.description="Runs the data of a bike race live" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.version="$VERSION"


FROM base-edge AS nats
ARG VERSION
COPY --from=packages-nats /added/ /
COPY --from=wheel /added/ /
USER 10001:10001
LABEL org.opencontainers.image.title="Ardoise, nats-server" \
    org.opencontainers.image.description="A site's log: nats-server with JetStream" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.version="$VERSION"


FROM base-edge AS etcd
ARG VERSION
RUN --mount=type=secret,id=host --mount=type=secret,id=ca \
    set -e; test ! -e /run/secrets/host || . /run/secrets/host; \
    apt-get update && apt-get install --yes --no-install-recommends etcd-server etcd-client; \
    rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/* /var/lib/etcd
COPY --from=wheel /added/ /
USER 10001:10001
LABEL org.opencontainers.image.title="Ardoise, etcd" \
    org.opencontainers.image.description="A site's vote on which region is primary: etcd" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.version="$VERSION"


FROM base-full AS patroni
ARG VERSION
# Debian's tools for many clusters on one machine, and a compiler for long queries, are three quarters of its packages:
# Patroni and a race have no use for them. PostgreSQL looks for the compiler and goes on without.
RUN --mount=type=secret,id=host --mount=type=secret,id=ca \
    set -e; test ! -e /run/secrets/host || . /run/secrets/host; \
    mkdir -p /etc/postgresql-common; echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf; \
    apt-get update && apt-get install --yes --no-install-recommends postgresql-17-timescaledb; \
    dpkg --purge --force-depends adduser libc-l10n libgdbm-compat4t64 libgdbm6t64 libio-pty-perl libipc-run-perl \
        libjson-perl libllvm19 libperl5.40 libproc2-0 libtext-charwidth-perl libtext-wrapi18n-perl libz3-4 locales \
        openssl perl perl-modules-5.40 postgresql-client-common postgresql-common postgresql-common-dev procps \
        sensible-utils ssl-cert ucf; \
    rm -r /usr/lib/postgresql/17/lib/bitcode /usr/lib/postgresql/17/lib/llvmjit*; \
    rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/* /var/lib/postgresql /var/run/postgresql /etc/postgresql*
ENV PATH=/usr/lib/postgresql/17/bin:$PATH
COPY --from=packages-patroni /added/ /
COPY --from=wheel /added/ /
USER 10001:10001
LABEL org.opencontainers.image.title="Ardoise, Patroni" \
    org.opencontainers.image.description="A region's database: PostgreSQL with TimescaleDB under Patroni" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.version="$VERSION"
