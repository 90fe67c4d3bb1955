//! Upstreams of a manifest.

use super::{
    Action, Applying, Kind,
    difference::{FieldChange, between},
};
use crate::{
    app::{
        App,
        upstreams::{check, credentials, demo, detail},
    },
    error::{Error, Kind as ErrorKind, Result},
    op::{Detail, Touched},
    store::{self, upstreams::StoredUpstream},
    vault::CREDENTIAL,
};
use ostia_domain::{
    credential::Credential,
    upstream::{PoolLimits, Transport, Upstream},
};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// What a credential is shown as.
const THERE: &str = "(set)";
const ANOTHER: &str = "(another value)";

impl Applying<'_> {
    pub(super) async fn upstream(&mut self, mut wanted: Upstream) -> Result<()> {
        check(&wanted)?;
        let name = wanted.name.to_string();
        let after = document(&wanted, wanted.transport.credentials().keys());
        let Some(before) = store::upstreams::find(self.changes.tx(), &name).await? else {
            demand_values(&wanted, None)?;
            let credentials = self.app.seal(&mut wanted, None)?;
            let stored = StoredUpstream {
                upstream: wanted,
                credentials,
                created_at: self.changes.op().now,
                problem: None,
                listed: 0,
            };
            store::upstreams::insert(self.changes.tx(), &stored).await?;
            self.created(Kind::Upstreams, stored.upstream.id, &name, &after)
                .await?;
            let detail = Detail::made(detail(&stored));
            self.changes
                .made("upstreams.add", &name, detail, Touched::Snapshot);
            return Ok(());
        };
        demand_values(&wanted, Some(&before))?;
        let mut fields = between(&stored_document(&before), &after);
        fields.extend(other_values(self.app, &before, &wanted));
        if self.changed(Kind::Upstreams, &name, fields) {
            let (tx, op) = (self.changes.tx(), self.changes.op());
            let replaced = self.app.replace_upstream(op, tx, &before, wanted);
            let stored = replaced.await?;
            let detail = Detail::changed(detail(&before), detail(&stored));
            self.changes
                .made("upstreams.update", &name, detail, Touched::Snapshot);
        }
        Ok(())
    }

    pub(super) async fn remove_upstream(&mut self, stored: &StoredUpstream) -> Result<()> {
        store::upstreams::delete(self.changes.tx(), stored.upstream.id).await?;
        demo::keep(self.changes.tx(), self.changes.op(), &stored.upstream).await?;
        let name = stored.upstream.name.as_str();
        let fields = between(&stored_document(stored), &json!(null));
        self.object(Kind::Upstreams, name, Action::Removed, fields);
        let detail = Detail::removed(detail(stored));
        self.changes
            .made("upstreams.remove", name, detail, Touched::Snapshot);
        Ok(())
    }
}

/// Credentials that are there and are given another value.
fn other_values(app: &App, before: &StoredUpstream, wanted: &Upstream) -> Vec<FieldChange> {
    let other = app.other_credentials(before, wanted).into_iter();
    let changes = other.map(|name| FieldChange {
        field: field(&wanted.transport, &name),
        before: THERE.into(),
        after: ANOTHER.into(),
    });
    changes.collect()
}

/// What is empty is as it was, so it has to be there.
fn demand_values(wanted: &Upstream, before: Option<&StoredUpstream>) -> Result<()> {
    for (name, value) in credentials::take(&mut wanted.transport.clone()) {
        let is_there = before.is_some_and(|before| before.credentials.contains_key(&name));
        if value.expose().is_empty() && !is_there {
            return Err(Error(ErrorKind::InvalidAt {
                place: Kind::Upstreams.place(wanted.name.as_str())
                    + "."
                    + &field(&wanted.transport, &name),
                problem: "needs a value: there is none yet that it could keep".to_owned(),
            }));
        }
    }
    Ok(())
}

/// Where a manifest has it.
fn field(transport: &Transport, name: &str) -> String {
    match transport {
        Transport::Stdio(_) => format!("env.{name}"),
        Transport::Http(endpoint) | Transport::Sse(endpoint) => match &endpoint.credential {
            Some(credential) if name == CREDENTIAL => {
                format!("credential.{}", secret_field(credential))
            }
            _ => format!("headers.{name}"),
        },
    }
}

fn secret_field(credential: &Credential) -> &'static str {
    match credential {
        Credential::Bearer { .. } => "token",
        Credential::Basic { .. } => "password",
        Credential::ClientCredentials(_) => "client_secret",
    }
}

fn stored_document(stored: &StoredUpstream) -> Value {
    let names = stored.credentials.keys();
    document(&stored.upstream, names.filter(|name| *name != CREDENTIAL))
}

/// An upstream as a manifest has it, but for the values of its credentials.
fn document<'a>(upstream: &Upstream, credentials: impl Iterator<Item = &'a String>) -> Value {
    let credentials: Map<_, _> = credentials
        .map(|name| (name.clone(), THERE.into()))
        .collect();
    let milliseconds = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    // One by one, so that a new field is not forgotten: it would never be applied to what is there.
    let Upstream {
        id: _,
        name: _,
        version: _,
        listing: _,
        enabled: _,
        demo,
        transport,
        isolation,
        protocol,
        pool,
        call_timeout,
        keep_arguments,
    } = upstream;
    let PoolLimits {
        min_idle,
        max_workers,
        max_in_flight,
        max_queue,
        queue_timeout,
        idle_timeout,
        calls_per_minute,
        tool_calls_per_minute,
    } = pool;
    let mut document = json!({
        "transport": transport.as_str(),
        "isolation": isolation,
        "protocol": protocol,
        "call_timeout_ms": milliseconds(*call_timeout),
        "keep_arguments": keep_arguments,
        "demo": demo,
        "pool": {
            "min_idle": min_idle,
            "max_workers": max_workers,
            "max_in_flight": max_in_flight,
            "max_queue": max_queue,
            "queue_timeout_ms": milliseconds(*queue_timeout),
            "idle_timeout_ms": milliseconds(*idle_timeout),
            "calls_per_minute": calls_per_minute,
            "tool_calls_per_minute": tool_calls_per_minute,
        },
    });
    match transport {
        Transport::Stdio(command) => {
            document["program"] = json!(command.program);
            document["args"] = json!(command.args);
            document["cwd"] = json!(command.cwd);
            document["env"] = credentials.into();
        }
        Transport::Http(endpoint) | Transport::Sse(endpoint) => {
            document["url"] = json!(endpoint.url);
            document["allow_private_network"] = json!(endpoint.allow_private_network);
            document["headers"] = credentials.into();
            if let Some(credential) = &endpoint.credential {
                document["credential"] = json!(credential);
                document["credential"][secret_field(credential)] = THERE.into();
            }
        }
    }
    document
}
