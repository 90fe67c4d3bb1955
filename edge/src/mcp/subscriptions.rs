//! `resources/subscribe` of legacy clients: which resources a session watches.

use super::received::{Received, answered};
use crate::{
    error::Error,
    pipeline,
    pool::watched::Watching,
    record::OpenRecord,
    route::Wanted,
    view::{Item, Kind},
};
use axum::response::Response;
use moka::sync::Cache;
use ostia_domain::code::Code;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use uuid::Uuid;

/// A session that nobody listens to for so long watches nothing any more.
const IDLE: Duration = Duration::from_secs(3600);
const MAX_SESSIONS: u64 = 100_000;
/// Resources that one session may watch.
const MAX_WATCHED: usize = 1000;

/// A resource that is watched, as the client named it.
pub struct Subscribed {
    pub upstream: Uuid,
    /// The upstream's own URI.
    pub own: String,
    _watching: Watching,
}

impl Subscribed {
    pub fn to(item: &Item) -> Self {
        Self {
            upstream: item.upstream.id,
            own: item.name.clone(),
            _watching: item.pool.watched.watch(&item.name),
        }
    }
}

/// By the URI that the client knows.
#[derive(Default)]
pub struct Watchlist(Mutex<HashMap<String, Subscribed>>);

impl Watchlist {
    pub fn add(&self, uri: &str, subscribed: Subscribed) -> bool {
        let mut list = self.list();
        let room = list.len() < MAX_WATCHED || list.contains_key(uri);
        if room {
            list.insert(uri.to_owned(), subscribed);
        }
        room
    }

    /// The client's URI of a resource that was updated, also of one below a watched one.
    pub fn name_of(&self, upstream: Uuid, own: &str) -> Option<String> {
        self.list().iter().find_map(|(uri, subscribed)| {
            let below = own.strip_prefix(subscribed.own.as_str())?;
            (subscribed.upstream == upstream).then(|| format!("{uri}{below}"))
        })
    }

    fn list(&self) -> std::sync::MutexGuard<'_, HashMap<String, Subscribed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Of all sessions.
pub struct Subscriptions(Cache<Uuid, Arc<Watchlist>>);

impl Default for Subscriptions {
    fn default() -> Self {
        let cache = Cache::builder()
            .max_capacity(MAX_SESSIONS)
            .time_to_idle(IDLE)
            .build();
        Self(cache)
    }
}

impl Subscriptions {
    /// What a session watches. Asking counts as listening.
    pub fn of(&self, session: Uuid) -> Option<Arc<Watchlist>> {
        self.0.get(&session)
    }

    /// A session that ended watches nothing.
    pub fn end(&self, session: Uuid) {
        self.0.invalidate(&session);
    }
}

/// `resources/subscribe`. Whether the upstream tells of this resource is its own business.
pub async fn subscribe(
    received: &Received<'_>,
    record: &mut OpenRecord,
) -> Result<(Response, usize), Error> {
    let uri = named(received)?;
    let session = session(received)?;
    let wanted = Wanted {
        kind: Kind::Resource,
        name: &uri,
    };
    let state = received.state;
    let allowed = pipeline::allow(
        state,
        &received.principal,
        &received.endpoint,
        wanted,
        None,
        record,
    )
    .await?;
    let list = state.subscriptions.0.get_with(session, Arc::default);
    if !list.add(&uri, Subscribed::to(allowed.permit.item())) {
        let message =
            format!("A session can watch {MAX_WATCHED} resources. Unsubscribe from some.");
        return Err(Error::new(Code::InvalidParams, message));
    }
    Ok(answered(received, "{}"))
}

pub fn unsubscribe(received: &Received<'_>) -> Result<(Response, usize), Error> {
    let uri = named(received)?;
    if let Some(list) = received.state.subscriptions.of(session(received)?) {
        list.list().remove(uri.as_ref());
    }
    Ok(answered(received, "{}"))
}

fn named<'a>(received: &Received<'a>) -> Result<std::borrow::Cow<'a, str>, Error> {
    received
        .params
        .as_ref()
        .and_then(|params| params.uri)
        .and_then(super::envelope::string)
        .ok_or_else(|| {
            let message = "The member `uri` must be a resource's URI.";
            Error::new(Code::InvalidParams, message)
        })
}

fn session(received: &Received<'_>) -> Result<Uuid, Error> {
    received
        .session
        .map(|session| session.id)
        .ok_or_else(|| Error::new(Code::SessionMissing, "There is no session."))
}
