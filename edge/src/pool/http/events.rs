//! Event streams of upstreams.

use super::MAX_MESSAGE_BYTES;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http_body_util::BodyExt as _;
use hyper::body::Body;
use sse_stream::SseStream;
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// What one event says.
pub(super) struct Event {
    pub(super) name: Option<String>,
    pub(super) data: Option<Bytes>,
    pub(super) id: Option<String>,
    pub(super) retry: Option<Duration>,
}

pub(super) struct Events {
    events: stream::BoxStream<'static, Result<Option<Event>, String>>,
    too_large: Arc<AtomicBool>,
}

impl Events {
    pub(super) fn of<B>(response: http::Response<B>) -> Self
    where
        B: Body<Data = Bytes, Error: std::error::Error + Send + Sync> + Send + 'static,
    {
        let too_large = Arc::new(AtomicBool::new(false));
        let (mut lines, overflow) = (Lines::default(), Arc::clone(&too_large));
        let pieces = response
            .into_body()
            .into_data_stream()
            .flat_map(move |chunk| {
                let pieces = match chunk {
                    Ok(chunk) => lines.cut(chunk),
                    Err(error) => Err(io::Error::other(error)),
                };
                stream::iter(match pieces {
                    Ok(pieces) => pieces.into_iter().map(Ok).collect(),
                    Err(error) => {
                        let full = error.kind() == io::ErrorKind::FileTooLarge;
                        overflow.fetch_or(full, Ordering::Relaxed);
                        vec![Err(error)]
                    }
                })
            });
        let events = SseStream::from_bytes_stream(pieces).map(|event| {
            let event = match event {
                Ok(event) => event,
                Err(sse_stream::Error::Body(error)) => return Err(error.to_string()),
                Err(_) => return Ok(None),
            };
            Ok(Some(Event {
                name: event.event,
                data: event.data.filter(|data| !data.is_empty()).map(Bytes::from),
                id: event.id,
                retry: event.retry.map(Duration::from_millis),
            }))
        });
        Self {
            events: events.boxed(),
            too_large,
        }
    }

    /// `None`: the stream is over, or broke off. A line that means nothing is skipped.
    pub(super) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.events.next().await?.transpose() {
                return event.ok();
            }
        }
    }

    /// The stream is over because an event was larger than any that is taken.
    pub(super) fn too_large(&self) -> bool {
        self.too_large.load(Ordering::Relaxed)
    }
}

/// Cuts a stream into lines, so that the parser loses no more than one to a fault in it, and counts how
/// long the event is that they are of.
#[derive(Default)]
struct Lines {
    /// Bytes since the last empty line, and since the last line's end.
    event: usize,
    line: usize,
    /// The last byte ended a line, and a line feed after it would be the same end.
    after_return: bool,
}

impl Lines {
    fn cut(&mut self, mut chunk: Bytes) -> io::Result<Vec<Bytes>> {
        let mut pieces = Vec::new();
        while !chunk.is_empty() {
            let end = memchr::memchr2(b'\n', b'\r', &chunk);
            let piece = chunk.split_to(end.map_or(chunk.len(), |end| end + 1));
            self.event += piece.len();
            match end.map(|end| (end, piece[end])) {
                Some((0, b'\n')) if self.after_return => self.after_return = false,
                Some((length, ending)) => {
                    if self.line + length == 0 {
                        self.event = 0;
                    }
                    self.line = 0;
                    self.after_return = ending == b'\r';
                }
                None => {
                    self.line += piece.len();
                    self.after_return = false;
                }
            }
            if self.event > MAX_MESSAGE_BYTES {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            pieces.push(piece);
        }
        Ok(pieces)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::StreamBody;
    use hyper::body::Frame;

    fn response(
        chunks: &[&'static [u8]],
    ) -> http::Response<impl Body<Data = Bytes, Error = io::Error> + use<>> {
        let frame = |chunk: &&'static [u8]| Ok(Frame::data(Bytes::from_static(chunk)));
        let frames: Vec<_> = chunks.iter().map(frame).collect();
        http::Response::new(StreamBody::new(stream::iter(frames)))
    }

    async fn data(chunks: &[&'static [u8]]) -> Vec<String> {
        let mut events = Events::of(response(chunks));
        let mut found = Vec::new();
        while let Some(event) = events.next().await {
            let data = event.data.unwrap_or_default();
            found.push(String::from_utf8(data.to_vec()).unwrap());
        }
        found
    }

    #[tokio::test]
    async fn lines_end_in_any_way_and_anywhere() {
        assert_eq!(data(&[b"data: a\n\ndata: b\n\n"]).await, ["a", "b"]);
        assert_eq!(
            data(&[b"data: a\r", b"\n\r\ndata: b\r\r"]).await,
            ["a", "b"]
        );
        assert_eq!(
            data(&[b"da", b"ta: a\ndata: b", b"\n", b"\n"]).await,
            ["a\nb"]
        );
    }

    #[tokio::test]
    async fn a_line_that_means_nothing_takes_no_other_with_it() {
        let odd = b"unknown: 1\ndata: a\n\nwhat\nretry: soon\ndata: b\n\n";
        assert_eq!(data(&[odd]).await, ["a", "b"]);
    }

    #[tokio::test]
    async fn an_event_has_a_bound_and_a_stream_has_none() {
        static MEBIBYTE: [u8; 1 << 20] = [b'x'; 1 << 20];
        for ending in [&b"\n"[..], b"\r\n", b"\r"] {
            let event: Vec<&[u8]> = vec![b"data: ", &MEBIBYTE, ending, ending];
            let many = event.repeat(70);
            assert_eq!(data(&many).await.len(), 70);
            let line: Vec<&[u8]> = vec![b"data: ", &MEBIBYTE, ending];
            let mut events = Events::of(response(&line.repeat(70)));
            assert!(events.next().await.is_none());
            assert!(events.too_large());
        }
    }
}
