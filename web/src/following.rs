//! Pages that go on by themselves: what is new comes as server-sent events, as the rows that the page is made of.
//!
//! What is new is found by comparing the newest rows with those of a moment ago. All that was said at the
//! beginning is said again after a break; the page leaves out what it has.
//!
//! Every beat asks control on behalf of the visitor, and whether they still are who they were.

mod seats;

pub(crate) use seats::Seats;

use crate::{
    Site,
    load::{Failure, load},
    pages::problem,
    session::{Session, id_hash},
    visitor::Visitor,
};
use axum::{
    body::{Body, Bytes},
    response::{IntoResponse as _, Response},
};
use futures_util::{StreamExt as _, stream};
use http::{
    HeaderName, HeaderValue,
    header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER},
};
use seats::Seat;
use std::{collections::HashSet, convert::Infallible, time::Duration};
use tokio::time::{Interval, MissedTickBehavior, interval};
use tonic::Status;

const BEAT: Duration = Duration::from_secs(1);
/// Beats without a word after which a comment says that there is nothing to say: proxies take a connection
/// for dead that is silent for a minute.
const KEEP_ALIVE: u32 = 15;
/// Beats after which the browser is asked to come again: a request proves more than a beat does, also to the
/// provider that signed the visitor in.
const LIFE: u32 = 300;
/// What a browser waits before it comes back after a break.
const RETRY: &str = "retry: 3000\n\n";
/// Tells nginx and its like to pass every event on at once.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// What a page has the newest rows of.
pub(crate) trait Newest: Send + 'static {
    type Row: Send;
    /// As many as are looked at. Where all of them are new, there may have been more.
    const MOST: usize;

    /// As control allows this visitor.
    fn newest(
        &self,
        visitor: &Visitor,
    ) -> impl Future<Output = Result<Vec<Self::Row>, Status>> + Send;

    /// What is on the page as the row's `data-id`.
    fn id(row: &Self::Row) -> String;

    /// As on the page.
    fn row(&self, row: Self::Row) -> String;
}

/// Whoever may not look is refused before there is a stream.
pub(crate) async fn follow<N: Newest>(
    site: Site,
    session: Session,
    visitor: Option<Visitor>,
    of: N,
) -> Response {
    let (Some(visitor), Some(id)) = (visitor, session.id()) else {
        return problem::sign_in_required();
    };
    let Some(seat) = site.seats.take(visitor.id) else {
        let mut refused = problem::too_many_streams();
        refused
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from_static("10"));
        return refused;
    };
    let newest = match load(of.newest(&visitor)).await {
        Ok(newest) => newest,
        Err(failure) => return failure.show(&visitor),
    };
    let mut beat = interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first is at once.
    beat.tick().await;
    let mut following = Following {
        id_hash: id_hash(id),
        site,
        visitor,
        of,
        said: HashSet::new(),
        beat,
        silent: 0,
        left: LIFE,
        _seat: seat,
    };
    let mut first = RETRY.to_owned();
    first.extend(following.said_of(newest, "message"));
    let first = stream::once(async { Ok::<_, Infallible>(Bytes::from(first)) });
    let events = first.chain(stream::unfold(Some(following), next));
    let headers = [
        (CONTENT_TYPE, "text/event-stream"),
        (CACHE_CONTROL, "no-store, no-transform"),
        (ACCEL_BUFFERING, "no"),
    ];
    (headers, Body::from_stream(events)).into_response()
}

/// The next event, and who says the one after it.
async fn next<N: Newest>(
    following: Option<Following<N>>,
) -> Option<(Result<Bytes, Infallible>, Option<Following<N>>)> {
    let mut following = following?;
    let stop = following.site.stop.clone();
    let said = tokio::select! {
        biased;
        () = stop.cancelled() => return None,
        said = following.listen() => said?,
    };
    Some(match said {
        Said::Event(event) => (Ok(event.into()), Some(following)),
        Said::Last(event) => (Ok(event.into()), None),
    })
}

enum Said {
    Event(String),
    Last(String),
}

/// One page that follows.
struct Following<N> {
    site: Site,
    visitor: Visitor,
    id_hash: Vec<u8>,
    of: N,
    /// Of the newest rows those that were there a moment ago, by id.
    said: HashSet<String>,
    beat: Interval,
    /// Beats since something was said.
    silent: u32,
    /// Beats until the end.
    left: u32,
    _seat: Seat,
}

impl<N: Newest> Following<N> {
    /// `None`: control does not answer, and the browser comes back when it does.
    async fn listen(&mut self) -> Option<Said> {
        loop {
            self.beat.tick().await;
            if self.left == 0 {
                return Some(Said::Last(event("again", "again")));
            }
            self.left -= 1;
            let stays = load(self.visitor.stays(&self.site, &self.id_hash));
            let newest = load(self.of.newest(&self.visitor));
            let (stays, newest) = tokio::join!(stays, newest);
            if !stays.ok()? {
                return Some(Said::Last(event("over", "over")));
            }
            let newest = match newest {
                // What it is of is gone, which the page says when it is read anew.
                Err(Failure::NotThere) => return Some(Said::Last(event("over", "over"))),
                newest => newest.ok()?,
            };
            let known = |row: &N::Row| self.said.contains(&N::id(row));
            let more = newest.len() >= N::MOST && !newest.iter().any(known);
            let kind = if more { "more" } else { "message" };
            if let Some(said) = self.said_of(newest, kind) {
                self.silent = 0;
                return Some(Said::Event(said));
            }
            self.silent += 1;
            if self.silent >= KEEP_ALIVE {
                self.silent = 0;
                return Some(Said::Event(": nothing new\n\n".to_owned()));
            }
        }
    }

    /// The rows of those that were not there. `None`: there are none.
    fn said_of(&mut self, newest: Vec<N::Row>, kind: &str) -> Option<String> {
        let now: HashSet<_> = newest.iter().map(N::id).collect();
        let before = std::mem::replace(&mut self.said, now);
        let new = newest
            .into_iter()
            .filter(|row| !before.contains(&N::id(row)));
        let rows: String = new.map(|row| self.of.row(row)).collect();
        (!rows.is_empty()).then(|| event(kind, &rows))
    }
}

/// Whatever ends a line for a reader of events begins another line of the same data: a text cannot begin an
/// event of its own.
fn event(kind: &str, data: &str) -> String {
    let mut event = format!("event: {kind}\n");
    for line in data.replace("\r\n", "\n").split(['\n', '\r']) {
        event.push_str("data: ");
        event.push_str(line);
        event.push('\n');
    }
    event.push('\n');
    event
}

#[cfg(test)]
mod tests {
    use super::event;

    #[test]
    fn no_text_ends_an_event() {
        assert_eq!(
            event("message", "a\n\nevent: over\r\rdata: b\r\n:"),
            "event: message\ndata: a\ndata: \ndata: event: over\ndata: \ndata: data: b\ndata: :\n\n"
        );
    }
}
