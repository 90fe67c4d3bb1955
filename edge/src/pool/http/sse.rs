//! HTTP+SSE, the transport of 2024-11-05: one stream for everything that the upstream says, and an
//! address that it names for what is said to it.

use super::{JSON, MAX_MESSAGE_BYTES, client, events::Events, link::Link, refusal};
use crate::pool::{
    pending::{Lost, Refusal},
    worker::Outgoing,
};
use http::{Method, Uri, header::CONTENT_TYPE};
use reqwest::Url;
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc;

const SEND_TIMEOUT: Duration = Duration::from_secs(30);

/// Until the stream or the channel ends.
pub(super) async fn run(
    link: &Arc<Link>,
    mut outgoing: mpsc::Receiver<Outgoing>,
) -> Result<(), Refusal> {
    let response = link.get(None).await?;
    let mut events = Events::of(response);
    let target = loop {
        let event = events
            .next()
            .await
            .ok_or("its event stream ended at once")?;
        if event.name.as_deref() == Some("endpoint") {
            break target(&link.client.url, event.data.as_deref())?;
        }
    };
    let receive = async {
        while let Some(event) = events.next().await {
            if let Some(data) = event.data {
                link.worker.receive(&data, None);
            }
        }
        Err(Refusal::from(if events.too_large() {
            format!("an event had more than {MAX_MESSAGE_BYTES} bytes")
        } else {
            "its event stream ended".to_owned()
        }))
    };
    let send = async {
        while let Some(message) = outgoing.recv().await {
            post(link, &target, message).await;
        }
        Ok(())
    };
    tokio::select! {
        ended = receive => ended,
        ended = send => ended,
    }
}

/// Where the upstream wants its messages. Credentials go with them, so it must be the same place.
fn target(url: &Url, named: Option<&[u8]>) -> Result<Uri, String> {
    let target = named
        .and_then(|named| str::from_utf8(named).ok())
        .and_then(|named| url.join(named).ok())
        .ok_or("it names no address for messages")?;
    if target.origin() == url.origin() {
        client::target(&target)
    } else {
        Err("it names an address for messages that is somewhere else".into())
    }
}

async fn post(link: &Link, target: &Uri, message: Outgoing) {
    let mut request = link.client.request(Method::POST);
    *request.uri_mut() = target.clone();
    request.headers_mut().insert(CONTENT_TYPE, JSON);
    *request.body_mut() = message.body();
    let why = match tokio::time::timeout(SEND_TIMEOUT, link.client.send(request)).await {
        Ok(Ok(response)) if response.status().is_success() => return,
        Ok(Ok(response)) => {
            let status = response.status();
            Lost::Refused(refusal(status, format!("it answered with {status}")))
        }
        Ok(Err(error)) => error.lost(link.worker.id).unwrap_or(Lost::Gone),
        Err(_) => Lost::Gone,
    };
    if let Some(id) = message.id {
        link.worker.fail(id, why);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_go_to_the_same_place_only() {
        let url: Url = "https://host.example/sse".parse().unwrap();
        let at = |named: &str| target(&url, Some(named.as_bytes()));
        assert_eq!(at("/messages?id=1").unwrap(), "/messages?id=1");
        assert_eq!(at("https://host.example/m").unwrap(), "/m");
        assert!(at("https://other.example/m").is_err());
        assert!(at("http://host.example/m").is_err());
        assert!(target(&url, None).is_err());
    }
}
