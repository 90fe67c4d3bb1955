//! The cheapest stdio server there can be: no JSON is parsed, and all answers to what came in one read
//! go out in one write.

use std::io::{self, Read as _, Write as _};

const INITIALIZED: &str = r#"{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"echo","version":"1"}}"#;
/// The tool that is called.
const ECHO: &str =
    r#"{"name":"echo","inputSchema":{"type":"object"},"annotations":{"readOnlyHint":true}}"#;

/// The result of `tools/list`, with so many tools beside the one that is called, of a usual size.
pub(crate) fn list(more: usize) -> String {
    let tool = |n| {
        let description = "What it does, in a sentence or two, as models read it. ".repeat(4);
        format!(
            r#",{{"name":"tool-{n}","description":"{description}","inputSchema":{{"type":"object","properties":{{"text":{{"type":"string"}},"limit":{{"type":"integer"}}}},"required":["text"]}},"annotations":{{"readOnlyHint":true}}}}"#
        )
    };
    let more: String = (0..more).map(tool).collect();
    format!(r#"{{"tools":[{ECHO}{more}]}}"#)
}

pub(crate) fn serve(more: usize) -> io::Result<()> {
    let tools = list(more);
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    let mut pending = Vec::new();
    let mut answers = Vec::new();
    let mut chunk = vec![0; 1 << 16];
    loop {
        let read = input.read(&mut chunk)?;
        if read == 0 {
            return Ok(());
        }
        pending.extend_from_slice(&chunk[..read]);
        let mut done = 0;
        while let Some(length) = memchr::memchr(b'\n', &pending[done..]) {
            answer(&pending[done..done + length], &tools, &mut answers);
            done += length + 1;
        }
        pending.drain(..done);
        output.write_all(&answers)?;
        output.flush()?;
        answers.clear();
    }
}

pub(crate) fn answer(line: &[u8], tools: &str, answers: &mut Vec<u8>) {
    let Some(id) = after(line, b"\"id\":").map(number_or_text) else {
        return;
    };
    let member = |name: &[u8], value: &[u8], answers: &mut Vec<u8>| {
        answers.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
        answers.extend_from_slice(id);
        answers.extend_from_slice(name);
        answers.extend_from_slice(value);
        answers.extend_from_slice(b"}\n");
    };
    if let Some(message) = after(line, b"\"message\":\"") {
        let text = &message[..message.iter().position(|byte| *byte == b'"').unwrap_or(0)];
        let result = [
            b"{\"content\":[{\"type\":\"text\",\"text\":\"",
            text,
            b"\"}]}",
        ]
        .concat();
        member(b",\"result\":", &result, answers);
    } else if contains(line, b"\"initialize\"") {
        member(b",\"result\":", INITIALIZED.as_bytes(), answers);
    } else if contains(line, b"\"tools/list\"") {
        member(b",\"result\":", tools.as_bytes(), answers);
    } else if contains(line, b"\"ping\"") {
        member(b",\"result\":", b"{}", answers);
    } else {
        member(
            b",\"error\":",
            br#"{"code":-32601,"message":"no such method"}"#,
            answers,
        );
    }
}

fn contains(line: &[u8], text: &[u8]) -> bool {
    after(line, text).is_some()
}

/// What follows the first occurrence.
fn after<'a>(line: &'a [u8], text: &[u8]) -> Option<&'a [u8]> {
    memchr::memmem::find(line, text).map(|at| &line[at + text.len()..])
}

/// An id up to its end, without looking into strings: nobody here sends one with a comma in it.
fn number_or_text(rest: &[u8]) -> &[u8] {
    let end = rest
        .iter()
        .position(|byte| matches!(byte, b',' | b'}'))
        .unwrap_or(rest.len());
    &rest[..end]
}
