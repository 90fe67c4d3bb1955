# Short names for what is done every day; `just` lists them. Everything works without just, too.

_list:
    @just --list --unsorted

# Build everything, as every other recipe does it.
build:
    cargo build --workspace

# Ostia with the demo, in ./ostia-data.
demo:
    cargo run --release -- run --demo

# Is it well? The data folder, the database, the ports, the upstreams.
doctor:
    cargo run --release -- doctor

# Format the sources.
fmt:
    cargo fmt --all

# Lints, as a merge demands them.
lint:
    ./test clippy

# The tests inside the crates.
unit:
    ./test unit

# The integration tests on SQLite, or those whose path contains the filter.
it filter="":
    {{ if filter == "" { "./test it-sqlite" } else { "cargo test --workspace --test it -- " + filter } }}

# The integration tests on a Postgres of their own.
it-postgres:
    ./test it-postgres

# Signing in with a real OpenID provider, and the dashboard in a real browser.
browser:
    ./test browser

# Pictures of every page, into .screenshots/.
screenshots:
    ./test screenshots

# The end-to-end tests with others' clients and servers.
peers:
    ./test peers

# Everything a merge waits for.
test:
    ./test

# Throughput, latency and CPU per call, against the same upstream without Ostia.
bench *args:
    cargo bench --workspace --bench load -- {{ args }}

# What the next release would depend on twice.
duplicates:
    cargo tree --workspace --duplicates --edges normal

# Licences, advisories and banned crates.
deny:
    ./test deny
