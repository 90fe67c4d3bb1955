//! The two pipes of a worker: lines in, lines out.

use super::worker::{Outgoing, Worker};
use bytes::BytesMut;
use std::io;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process::{ChildStdin, ChildStdout},
    sync::mpsc,
};

/// The longest line taken from a worker; one that goes on has lost its mind.
const MAX_LINE_BYTES: usize = 64 << 20;
const READ_BYTES: usize = 64 << 10;
/// Small messages are written together up to about this size.
const WRITE_BYTES: usize = 64 << 10;

/// Writes until the channel or the pipe closes. Whatever waits goes out in one write. Returning
/// closes the worker's stdin, which asks it to end.
pub(super) async fn write_lines(
    mut stdin: ChildStdin,
    mut lines: mpsc::Receiver<Outgoing>,
) -> io::Result<()> {
    let mut batch = BytesMut::new();
    while let Some(line) = lines.recv().await {
        let mut last = line.line;
        while let Ok(next) = lines.try_recv() {
            batch.extend_from_slice(&last);
            last = next.line;
            if batch.len() >= WRITE_BYTES {
                break;
            }
        }
        if batch.is_empty() {
            stdin.write_all(&last).await?;
        } else {
            batch.extend_from_slice(&last);
            stdin.write_all(&batch).await?;
            batch.clear();
        }
    }
    Ok(())
}

/// Reads until the worker closes its stdout. A last line without an end was cut and is dropped.
pub(super) async fn read_lines(mut stdout: ChildStdout, worker: &Worker) -> io::Result<()> {
    let mut buffer = BytesMut::with_capacity(READ_BYTES);
    loop {
        let mut searched = buffer.len();
        // Lines that were handed out keep their part of the buffer; a new one is taken only when this
        // one is nearly used up.
        if buffer.capacity() - buffer.len() < READ_BYTES / 8 {
            buffer.reserve(READ_BYTES);
        }
        if stdout.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
        while let Some(end) = memchr::memchr(b'\n', &buffer[searched..]) {
            let line = buffer.split_to(searched + end + 1).freeze();
            searched = 0;
            let line = line.slice(..line.len() - 1);
            if !line.iter().all(u8::is_ascii_whitespace) {
                worker.receive(&line, None);
            }
        }
        if buffer.len() > MAX_LINE_BYTES {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the worker sent a line longer than 64 MiB",
            ));
        }
    }
}
