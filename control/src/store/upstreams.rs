//! Definitions of upstreams. Their credentials go in and come out sealed.

mod reported;

pub(crate) use reported::{StoredProblem, ask_listing, set_listed, set_problem};

use super::{
    Error, Tx,
    entity::{upstream_env, upstreams},
    reference,
};
use ostia_domain::{
    clock::Timestamp,
    name::UpstreamName,
    upstream::{
        Command, HttpEndpoint, Isolation, PoolLimits, Protocol, Stage, Transport, Upstream,
    },
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect as _,
    prelude::*,
};
use std::{collections::BTreeMap, collections::HashMap, time::Duration};

/// An upstream with what only control knows about it.
#[derive(Clone, Debug)]
pub(crate) struct StoredUpstream {
    /// Without credentials.
    pub(crate) upstream: Upstream,
    /// Sealed values by name: the environment of its workers, or its headers, and what the
    /// vault calls `CREDENTIAL`.
    pub(crate) credentials: BTreeMap<String, Vec<u8>>,
    pub(crate) created_at: Timestamp,
    pub(crate) problem: Option<StoredProblem>,
    /// The newest listing that an edge has done.
    pub(crate) listed: u64,
}

pub(crate) async fn list(db: &impl ConnectionTrait) -> Result<Vec<StoredUpstream>, Error> {
    each(db).await?.into_iter().collect()
}

/// For the snapshot: an upstream that cannot be read is left out, and nobody is offered it.
pub(crate) async fn readable(db: &impl ConnectionTrait) -> Result<Vec<StoredUpstream>, Error> {
    let readable = each(db).await?.into_iter().filter_map(|read| {
        read.inspect_err(
            |error| tracing::error!(%error, "an upstream is left out: it is not served"),
        )
        .ok()
    });
    Ok(readable.collect())
}

/// By name, those that cannot be read too.
async fn each(db: &impl ConnectionTrait) -> Result<Vec<Result<StoredUpstream, Error>>, Error> {
    let rows = upstreams::Entity::find()
        .order_by_asc(upstreams::Column::Name)
        .all(db)
        .await?;
    let mut env: HashMap<Uuid, BTreeMap<String, Vec<u8>>> = HashMap::new();
    for row in upstream_env::Entity::find().all(db).await? {
        env.entry(row.upstream_id)
            .or_default()
            .insert(row.name, row.sealed);
    }
    let each = rows.into_iter().map(|row| {
        let env = env.remove(&row.id).unwrap_or_default();
        read(row, env)
    });
    Ok(each.collect())
}

/// Of all, by id.
pub(crate) async fn names(db: &impl ConnectionTrait) -> Result<HashMap<Uuid, String>, Error> {
    let rows = upstreams::Entity::find()
        .select_only()
        .columns([upstreams::Column::Id, upstreams::Column::Name])
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().collect())
}

/// By id or name.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    reference: &str,
) -> Result<Option<StoredUpstream>, Error> {
    let by = reference::by(reference, upstreams::Column::Id, upstreams::Column::Name);
    let Some(row) = upstreams::Entity::find().filter(by).one(db).await? else {
        return Ok(None);
    };
    let env = upstream_env::Entity::find()
        .filter(upstream_env::Column::UpstreamId.eq(row.id))
        .all(db)
        .await?;
    let env = env.into_iter().map(|row| (row.name, row.sealed)).collect();
    read(row, env).map(Some)
}

/// How one is reached, without its credentials.
pub(crate) async fn transport(
    db: &impl ConnectionTrait,
    id: Uuid,
) -> Result<Option<Transport>, Error> {
    let row = upstreams::Entity::find_by_id(id).one(db).await?;
    let stored = row.map(|row| read(row, BTreeMap::new())).transpose()?;
    Ok(stored.map(|stored| stored.upstream.transport))
}

/// Whether there is a demo, whatever its name.
pub(crate) async fn has_demo(tx: &Tx) -> Result<bool, Error> {
    let demos = upstreams::Entity::find().filter(upstreams::Column::Demo.eq(true));
    Ok(demos.count(tx).await? > 0)
}

pub(crate) async fn insert(tx: &Tx, stored: &StoredUpstream) -> Result<(), Error> {
    upstreams::Entity::insert(to_row(stored)?)
        .exec_without_returning(tx)
        .await?;
    insert_credentials(tx, stored).await
}

/// Puts a definition in the place of the one with its id and that version. `false`: that is not there
/// any more.
pub(crate) async fn replace(tx: &Tx, stored: &StoredUpstream, version: u64) -> Result<bool, Error> {
    let replaced = upstreams::Entity::update_many()
        .set(to_row(stored)?)
        .filter(upstreams::Column::Id.eq(stored.upstream.id))
        .filter(upstreams::Column::Version.eq(i64::try_from(version).unwrap_or(i64::MAX)))
        .exec(tx)
        .await?;
    if replaced.rows_affected == 0 {
        return Ok(false);
    }
    upstream_env::Entity::delete_many()
        .filter(upstream_env::Column::UpstreamId.eq(stored.upstream.id))
        .exec(tx)
        .await?;
    insert_credentials(tx, stored).await?;
    Ok(true)
}

async fn insert_credentials(tx: &Tx, stored: &StoredUpstream) -> Result<(), Error> {
    if stored.credentials.is_empty() {
        return Ok(());
    }
    let env = stored
        .credentials
        .iter()
        .map(|(name, sealed)| upstream_env::ActiveModel {
            upstream_id: Set(stored.upstream.id),
            name: Set(name.clone()),
            sealed: Set(sealed.clone()),
        });
    upstream_env::Entity::insert_many(env)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

pub(crate) async fn set_enabled(tx: &Tx, id: Uuid, enabled: bool) -> Result<(), Error> {
    use upstreams::{Column, Entity};
    Entity::update_many()
        .col_expr(Column::Enabled, Expr::value(enabled))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// With its credentials and what was found about it.
pub(crate) async fn delete(tx: &Tx, id: Uuid) -> Result<(), Error> {
    upstreams::Entity::delete_by_id(id).exec(tx).await?;
    Ok(())
}

fn to_row(stored: &StoredUpstream) -> Result<upstreams::ActiveModel, Error> {
    let upstream = &stored.upstream;
    let (program, args, cwd, url, allow_private_network) = match &upstream.transport {
        Transport::Stdio(command) => (
            command.program.clone(),
            command.args.clone(),
            command.cwd.clone(),
            None,
            false,
        ),
        Transport::Http(endpoint) | Transport::Sse(endpoint) => (
            String::new(),
            Vec::new(),
            None,
            Some(endpoint.url.clone()),
            endpoint.allow_private_network,
        ),
    };
    let problem = stored.problem.as_ref();
    let unwritable = |error: serde_json::Error| Error::Unreadable(error.to_string());
    let credential = upstream
        .transport
        .endpoint()
        .and_then(|endpoint| endpoint.credential.as_ref());
    Ok(upstreams::ActiveModel {
        id: Set(upstream.id),
        name: Set(upstream.name.to_string()),
        version: Set(i64::try_from(upstream.version).unwrap_or(i64::MAX)),
        enabled: Set(upstream.enabled),
        demo: Set(upstream.demo),
        transport: Set(upstream.transport.as_str().to_owned()),
        url: Set(url),
        allow_private_network: Set(allow_private_network),
        credential: Set(credential
            .map(serde_json::to_value)
            .transpose()
            .map_err(unwritable)?),
        isolation: Set(upstream.isolation.as_str().to_owned()),
        program: Set(program),
        args: Set(Json::from(args)),
        cwd: Set(cwd),
        protocol: Set(upstream.protocol.as_str().to_owned()),
        pool: Set(serde_json::to_value(upstream.pool).map_err(unwritable)?),
        call_timeout_ms: Set(i64::try_from(upstream.call_timeout.as_millis()).unwrap_or(i64::MAX)),
        keep_arguments: Set(upstream.keep_arguments),
        problem: Set(problem.map(|problem| problem.text.clone())),
        problem_stage: Set(reported::stage(problem)),
        problem_since: Set(problem.and_then(|problem| problem.since)),
        created_at: Set(stored.created_at),
        // Counted by the two above, and by nobody else.
        listing_asked: NotSet,
        listing_done: NotSet,
    })
}

fn read(
    row: upstreams::Model,
    credentials: BTreeMap<String, Vec<u8>>,
) -> Result<StoredUpstream, Error> {
    let unreadable = |what| Error::Unreadable(format!("the {what} of upstream {}", row.id));
    let pool: PoolLimits = serde_json::from_value(row.pool).map_err(|_| unreadable("pool"))?;
    let args = serde_json::from_value(row.args).map_err(|_| unreadable("arguments"))?;
    let endpoint = || -> Result<HttpEndpoint, Error> {
        Ok(HttpEndpoint {
            url: row.url.clone().ok_or_else(|| unreadable("URL"))?,
            headers: BTreeMap::new(),
            allow_private_network: row.allow_private_network,
            credential: row
                .credential
                .clone()
                .map(serde_json::from_value)
                .transpose()
                .map_err(|_| unreadable("credential"))?,
        })
    };
    let transport = match row.transport.as_str() {
        "stdio" => Transport::Stdio(Command {
            program: row.program,
            args,
            env: BTreeMap::new(),
            cwd: row.cwd,
        }),
        "http" => Transport::Http(endpoint()?),
        "sse" => Transport::Sse(endpoint()?),
        _ => return Err(unreadable("transport")),
    };
    let upstream = Upstream {
        id: row.id,
        name: UpstreamName::new(row.name).map_err(|_| unreadable("name"))?,
        version: u64::try_from(row.version).map_err(|_| unreadable("version"))?,
        listing: u64::try_from(row.listing_asked).map_err(|_| unreadable("listing"))?,
        enabled: row.enabled,
        demo: row.demo,
        transport,
        isolation: Isolation::parse(&row.isolation).ok_or_else(|| unreadable("isolation"))?,
        protocol: Protocol::parse(&row.protocol).ok_or_else(|| unreadable("protocol"))?,
        pool,
        call_timeout: Duration::from_millis(
            u64::try_from(row.call_timeout_ms).map_err(|_| unreadable("call timeout"))?,
        ),
        keep_arguments: row.keep_arguments,
    };
    Ok(StoredUpstream {
        upstream,
        credentials,
        created_at: row.created_at,
        problem: row.problem.map(|text| StoredProblem {
            text,
            // One that this build does not know is as good as none.
            stage: row.problem_stage.as_deref().and_then(Stage::parse),
            since: row.problem_since,
        }),
        listed: u64::try_from(row.listing_done).unwrap_or_default(),
    })
}
