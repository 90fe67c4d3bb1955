//! Bodies of responses.

use super::{Connection, Connections, Error, describe};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

/// The body of a response, which drives the connection that it comes from.
#[derive(Debug)]
pub(in crate::pool::http) struct Body {
    incoming: Option<Incoming>,
    /// Until the end of the body.
    connection: Option<Box<Connection>>,
    origin: Arc<Connections>,
}

impl Body {
    pub(super) fn new(
        incoming: Incoming,
        connection: Box<Connection>,
        origin: Arc<Connections>,
    ) -> Self {
        let mut body = Self {
            incoming: Some(incoming),
            connection: Some(connection),
            origin,
        };
        body.give_back_at_end();
        body
    }

    /// `None`: it is longer than this.
    pub(in crate::pool::http) async fn whole(mut self, max: usize) -> Result<Option<Bytes>, Error> {
        let mut whole = BytesMut::new();
        while let Some(frame) = self.frame().await {
            let frame = frame.map_err(|error| Error::Broke(describe(&error)))?;
            let Ok(piece) = frame.into_data() else {
                continue;
            };
            if whole.len() + piece.len() > max {
                return Ok(None);
            }
            whole.extend_from_slice(&piece);
        }
        Ok(Some(whole.freeze()))
    }

    fn give_back_at_end(&mut self) {
        if self.is_end_stream() {
            self.give_back();
        }
    }

    fn give_back(&mut self) {
        self.incoming = None;
        if let Some(connection) = self.connection.take() {
            self.origin.give_back(connection);
        }
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let this = &mut *self;
        let Some(incoming) = &mut this.incoming else {
            return Poll::Ready(None);
        };
        // Asking first: the connection reads what somebody waits for.
        let mut frame = Pin::new(&mut *incoming).poll_frame(cx);
        if let (Poll::Pending, Some(connection)) = (&frame, &mut this.connection) {
            connection.drive(cx);
            frame = Pin::new(incoming).poll_frame(cx);
        }
        match &frame {
            Poll::Ready(None) => this.give_back(),
            Poll::Ready(Some(Ok(_))) => this.give_back_at_end(),
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let known = self.incoming.as_ref().map(Incoming::size_hint);
        known.unwrap_or_else(|| SizeHint::with_exact(0))
    }
}

impl Drop for Body {
    /// What is left of a short answer that nobody reads is there already; a longer one, and a stream, are
    /// ended by closing the connection.
    fn drop(&mut self) {
        self.give_back();
    }
}
