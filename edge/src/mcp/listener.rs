//! One client that listens: what it hears, and until when.

use super::{
    era::META_SUBSCRIPTION_ID, event_stream, relay::KEEP_ALIVE, subscriptions::Watchlist, task_ids,
    task_streams::TaskStreams,
};
use crate::{
    authenticate::authenticate,
    authorize::{authorize, find, limits, visible},
    call::RequestId,
    changes::{Announcement, List},
    connections::Lasting,
    constrain::passes_whole,
    pool::changes::Change,
    route::{self, Endpoint, Wanted},
    state::State,
    view::Kind,
};
use axum::{
    body::{Body, Bytes},
    response::{IntoResponse as _, Response},
};
use futures_util::{StreamExt as _, stream};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{AUTHORIZATION, HeaderName},
};
use ostia_domain::{clock, policy::Arguments, principal::Principal};
use serde_json::{Value, json, value::RawValue};
use std::{
    collections::VecDeque,
    convert::Infallible,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    net::IpAddr,
    sync::Arc,
};
use tokio::sync::{
    broadcast::{Receiver, error::RecvError},
    watch,
};
use uuid::Uuid;

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// One client that listens.
pub struct Listener {
    state: Arc<State>,
    principal: Arc<Principal>,
    /// The credential alone, to look again whether it is still good.
    headers: HeaderMap,
    endpoint: Endpoint,
    can_be_asked: bool,
    from: IpAddr,
    /// What is listened to, and what each list was when it was looked at last.
    lists: Vec<(List, u64)>,
    watched: Watched,
    pub tasks: TaskStreams,
    /// The id of a modern client's request, as JSON.
    pub subscription: Option<String>,
    announcements: Receiver<Announcement>,
    served: watch::Receiver<u64>,
    waiting: VecDeque<Bytes>,
    over: bool,
}

pub enum Watched {
    /// What the request named.
    These(Watchlist),
    /// What the session subscribes to from one time to the next.
    Session(Uuid),
}

impl Listener {
    pub fn new(
        state: &Arc<State>,
        (principal, headers, endpoint, from): (Arc<Principal>, &HeaderMap, Endpoint, IpAddr),
        can_be_asked: bool,
        lists: Vec<List>,
        watched: Watched,
    ) -> Self {
        // Copied: a value that came with a request holds on to all that was read with it.
        let copied = |value: &HeaderValue| HeaderValue::from_bytes(value.as_bytes()).ok();
        let credential = [AUTHORIZATION, API_KEY]
            .into_iter()
            .filter_map(|name| Some((copied(headers.get(&name)?)?, name)))
            .map(|(value, name)| (name, value))
            .collect();
        let mut listener = Self {
            state: Arc::clone(state),
            principal,
            headers: credential,
            endpoint,
            can_be_asked,
            from,
            lists: Vec::new(),
            watched,
            tasks: TaskStreams::new(),
            subscription: None,
            announcements: state.announcements.listen(),
            served: state.served.clone(),
            waiting: VecDeque::new(),
            over: false,
        };
        listener.served.mark_unchanged();
        listener.lists = lists
            .into_iter()
            .map(|list| (list, listener.fingerprint(list)))
            .collect();
        listener
    }

    pub fn response(self, id: RequestId) -> Response {
        let body = Body::from_stream(stream::unfold(self, |mut listener| async {
            let event = listener.next().await?;
            Some((Ok::<_, Infallible>(event), listener))
        }));
        let mut response = (StatusCode::OK, body).into_response();
        event_stream::set_headers(response.headers_mut(), id);
        response.extensions_mut().insert(Lasting);
        response
    }

    /// The next event, or a comment when there was none for a while. `None`: the stream is over.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            if self.over {
                return None;
            }
            let idle = tokio::select! {
                Some(told) = self.tasks.next() => {
                    self.task_told(told.upstream, &told.tool, &told.message);
                    false
                }
                announced = self.announcements.recv() => {
                    self.announced(announced);
                    false
                }
                changed = self.served.changed() => {
                    self.over |= changed.is_err();
                    self.compare();
                    false
                }
                () = self.state.draining.cancelled() => {
                    self.end();
                    continue;
                }
                () = tokio::time::sleep(KEEP_ALIVE) => true,
            };
            // Nothing is told to whoever may not hear it any more.
            if !self.still_welcome().await {
                return None;
            }
            if idle {
                return Some(Bytes::from_static(b": still here\n\n"));
            }
        }
    }

    /// A key may have been revoked since, or may do something else now.
    async fn still_welcome(&mut self) -> bool {
        if let Watched::Session(session) = &self.watched {
            // Its subscriptions stay while it listens.
            let _ = self.state.subscriptions.of(*session);
        }
        let State { keys, control, .. } = &*self.state;
        // On the heap: a client that only listens is not to hold room for a question to control.
        let known = Box::pin(authenticate(
            keys,
            control,
            &self.headers,
            (clock::now(), self.from),
        ));
        match known.await {
            Ok(principal) => {
                self.principal = principal;
                true
            }
            Err(_) => false,
        }
    }

    fn announced(&mut self, announced: Result<Announcement, RecvError>) {
        match announced {
            Ok(Announcement {
                upstream,
                change: Change::Updated(own),
            }) => self.updated(upstream, &own),
            Ok(Announcement {
                upstream,
                change: Change::Task { worker, own, line },
            }) => {
                let begun = match &self.watched {
                    Watched::Session(id) => self.state.session_tasks.find(*id, worker, &own),
                    Watched::These(_) => None,
                };
                if let Some(begun) = begun
                    && let Some(message) = task_ids::told(&line, &begun.shown)
                {
                    self.task_told(upstream, &begun.tool, &message);
                }
            }
            Ok(Announcement { upstream, change }) => {
                if let Some(list) = List::of(&change) {
                    self.said_to_change(upstream, list);
                }
            }
            // Something was missed: it may have been anything.
            Err(RecvError::Lagged(_)) => {
                for (list, _) in self.lists.clone() {
                    self.tell(list.notification(), json!({}));
                }
            }
            Err(RecvError::Closed) => self.over = true,
        }
    }

    fn updated(&mut self, upstream: Uuid, own: &str) {
        let uri = match &self.watched {
            Watched::These(list) => list.name_of(upstream, own),
            Watched::Session(session) => self
                .state
                .subscriptions
                .of(*session)
                .and_then(|list| list.name_of(upstream, own)),
        };
        let Some(uri) = uri else { return };
        let may_read = {
            let view = self.state.view.load();
            let wanted = Wanted {
                kind: Kind::Resource,
                name: &uri,
            };
            let item = find(&view, &self.principal, &self.endpoint, wanted);
            authorize(&view, &self.principal, item, wanted, Arguments::Unknown).is_ok()
        };
        if may_read {
            self.tell("notifications/resources/updated", json!({"uri": uri}));
        }
    }

    /// A task got on: whoever may not ask about it does not hear of it either, and a result that policy
    /// limits is read by asking alone.
    fn task_told(&mut self, upstream: Uuid, tool: &str, message: &[u8]) {
        let view = self.state.view.load();
        let tool = route::own_tool(&view, &self.endpoint, upstream, tool);
        let limits = tool.and_then(|tool| limits(&view, &self.principal, &tool));
        if limits.is_some_and(|limits| passes_whole(limits) || !task_ids::has_result(message)) {
            self.waiting.push_back(event_stream::message(message));
        }
    }

    /// An upstream says that a list changed, though it is the same: only who sees something of it hears.
    fn said_to_change(&mut self, upstream: Uuid, list: List) {
        if !self.lists.iter().any(|(heard, _)| *heard == list) {
            return;
        }
        let sees = {
            let view = self.state.view.load();
            list.kinds().iter().any(|kind| {
                visible(&view, &self.principal, &self.endpoint, *kind)
                    .any(|item| item.upstream.id == upstream)
            })
        };
        if sees {
            self.tell(list.notification(), json!({}));
        }
    }

    /// Tells of each list that is not what it was.
    fn compare(&mut self) {
        for at in 0..self.lists.len() {
            let (list, before) = self.lists[at];
            let now = self.fingerprint(list);
            if now != before {
                self.lists[at].1 = now;
                self.tell(list.notification(), json!({}));
            }
        }
    }

    fn fingerprint(&self, list: List) -> u64 {
        let view = self.state.view.load();
        let mut hasher = DefaultHasher::new();
        for kind in list.kinds() {
            for item in visible(&view, &self.principal, &self.endpoint, *kind) {
                if self.can_be_asked || !item.asks_client {
                    item.fingerprint.hash(&mut hasher);
                }
            }
        }
        hasher.finish()
    }

    pub fn tell(&mut self, method: &str, mut params: Value) {
        if let Some(id) = &self.subscription {
            let id: Option<&RawValue> = serde_json::from_str(id).ok();
            params["_meta"] = json!({META_SUBSCRIPTION_ID: id});
        }
        let mut message = json!({"jsonrpc": "2.0", "method": method});
        if params.as_object().is_some_and(|params| !params.is_empty()) {
            message["params"] = params;
        }
        self.waiting
            .push_back(event_stream::message(message.to_string().as_bytes()));
    }

    /// The edge stops: a modern client's request gets its answer.
    fn end(&mut self) {
        self.over = true;
        if let Some(id) = &self.subscription {
            let result = json!({
                "resultType": "complete",
                "_meta": {META_SUBSCRIPTION_ID: serde_json::from_str::<&RawValue>(id).ok()},
            });
            let message = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#);
            self.waiting
                .push_back(event_stream::message(message.as_bytes()));
        }
    }
}
