//! Streams on which clients hear what changed: a legacy client's GET, a modern one's
//! `subscriptions/listen`.

use super::{
    envelope::member,
    listener::{Listener, Watched},
    received::{Received, refuse},
    session::Session,
    subscriptions::{Subscribed, Watchlist},
    task_streams,
};
use crate::{
    authorize::{authorize, find},
    call::Arrival,
    changes::List,
    error::Error,
    record::OpenRecord,
    route::{Endpoint, Wanted},
    state::State,
    view::Kind,
};
use axum::response::Response;
use http::HeaderMap;
use ostia_domain::{code::Code, policy::Arguments, principal::Principal, usage::Outcome};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// `GET` with a legacy session.
pub fn get(
    state: &Arc<State>,
    principal: Arc<Principal>,
    headers: &HeaderMap,
    endpoint: Endpoint,
    session: Session,
    arrival: &Arrival,
) -> Response {
    let listener = Listener::new(
        state,
        (principal, headers, endpoint, arrival.remote),
        session.capabilities.can_be_asked(),
        List::ALL.to_vec(),
        Watched::Session(session.id),
    );
    listener.response(arrival.id)
}

/// `subscriptions/listen`. What a caller may not see is left out of what is promised.
pub async fn listen(received: &Received<'_>, mut record: OpenRecord) -> Response {
    if !received.accepts.event_stream {
        let message = "This takes `Accept: text/event-stream`.";
        return refuse(received, record, &Error::new(Code::InvalidRequest, message));
    }
    let filter = received
        .message
        .params
        .and_then(|params| member(params, "notifications"))
        .and_then(|raw| serde_json::from_str::<Map<String, Value>>(raw.get()).ok());
    let Some(filter) = filter else {
        let message = "The member `notifications` must say what to listen to.";
        return refuse(received, record, &Error::new(Code::InvalidParams, message));
    };
    let lists: Vec<_> = List::ALL
        .into_iter()
        .filter(|list| filter.get(list.filter_member()) == Some(&Value::Bool(true)))
        .collect();
    let watchlist = Watchlist::default();
    let uris = filter
        .get("resourceSubscriptions")
        .and_then(Value::as_array);
    let uris: Vec<_> = uris
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .filter(|uri| watch_for(received, uri, &watchlist))
        .collect();
    let mut honoured = Map::new();
    for list in &lists {
        honoured.insert(list.filter_member().into(), true.into());
    }
    if !uris.is_empty() {
        honoured.insert("resourceSubscriptions".into(), json!(uris));
    }
    let ids = filter.get("taskIds").and_then(Value::as_array);
    let ids = ids.into_iter().flatten().filter_map(Value::as_str);
    let (told_of, tasks) = task_streams::listen(received, &ids.collect::<Vec<_>>()).await;
    if !told_of.is_empty() {
        honoured.insert("taskIds".into(), told_of.into());
    }
    let mut listener = Listener::new(
        received.state,
        (
            Arc::clone(&received.principal),
            received.headers,
            received.endpoint.clone(),
            received.arrival.remote,
        ),
        received.capabilities.can_be_asked(),
        lists,
        Watched::These(watchlist),
    );
    listener.tasks = tasks;
    listener.subscription = Some(received.id().to_owned());
    let params = json!({"notifications": honoured});
    listener.tell("notifications/subscriptions/acknowledged", params);
    record.ended(Outcome::Ok, 0);
    listener.response(received.arrival.id)
}

/// Watches a resource for a modern client, if it may read it.
fn watch_for(received: &Received<'_>, uri: &str, watchlist: &Watchlist) -> bool {
    let view = received.state.view.load();
    let wanted = Wanted {
        kind: Kind::Resource,
        name: uri,
    };
    let item = find(&view, &received.principal, &received.endpoint, wanted);
    authorize(&view, &received.principal, item, wanted, Arguments::Unknown)
        .is_ok_and(|permit| watchlist.add(uri, Subscribed::to(permit.item())))
}
