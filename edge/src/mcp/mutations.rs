//! What strangers send, changed at random: parsers answer with a value or an error and keep their promises.
//! The corpus is in `edge/corpus/`, one folder for each parser; what once broke one belongs there.
//!
//! `PROPTEST_CASES=100000 cargo test --workspace --lib mutations` runs longer.

use super::{
    envelope::{Message, Meta, Params, span},
    headers::{decode, encode},
    seal::{Purpose, Sealer},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use ostia_domain::key::Secret;
use proptest::{collection::vec, prelude::*, sample::Index};
use sse_stream::SseStream;
use std::{convert::Infallible, fs, path::Path};
use uuid::Uuid;

/// Everything in one folder of the corpus.
fn corpus(parser: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(parser);
    let files = fs::read_dir(folder).expect("the corpus");
    let read = files.map(|file| fs::read(file.expect("a file").path()).expect("a file"));
    let read: Vec<_> = read.collect();
    assert!(!read.is_empty(), "an empty corpus shows nothing");
    read
}

#[derive(Clone, Debug)]
enum Change {
    Replace(Index, u8),
    Insert(Index, u8),
    Remove(Index),
    Repeat(Index, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let byte = || {
        prop_oneof![
            any::<u8>(),
            prop::sample::select(&b"{}[]\",:\\ue0\n\r=?"[..])
        ]
    };
    prop_oneof![
        (any::<Index>(), byte()).prop_map(|(at, byte)| Change::Replace(at, byte)),
        (any::<Index>(), byte()).prop_map(|(at, byte)| Change::Insert(at, byte)),
        any::<Index>().prop_map(Change::Remove),
        (any::<Index>(), 1usize..40).prop_map(|(at, length)| Change::Repeat(at, length)),
    ]
}

/// An entry of the corpus after some changes.
fn changed(parser: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let entry = prop::sample::select(corpus(parser));
    (entry, vec(change(), 0..6)).prop_map(|(mut bytes, changes)| {
        for change in changes {
            let length = bytes.len().max(1);
            match change {
                Change::Replace(at, byte) if !bytes.is_empty() => bytes[at.index(length)] = byte,
                Change::Insert(at, byte) => bytes.insert(at.index(bytes.len() + 1), byte),
                Change::Remove(at) if !bytes.is_empty() => drop(bytes.remove(at.index(length))),
                Change::Repeat(at, more) if !bytes.is_empty() => {
                    let start = at.index(length);
                    let part = bytes[start..bytes.len().min(start + more)].to_vec();
                    bytes.extend_from_slice(&part);
                }
                _ => {}
            }
        }
        bytes
    })
}

fn sealer() -> Sealer {
    Sealer::new(&[Secret::new(BASE64_STANDARD.encode([7; 32]))]).expect("a key")
}

/// The data of all events, however the bytes come in; unset where they are no events.
async fn events(bytes: &[u8], chunk: usize) -> Option<Vec<Option<String>>> {
    let chunks: Vec<_> = bytes
        .chunks(chunk)
        .map(|chunk| Ok::<_, Infallible>(Bytes::copy_from_slice(chunk)))
        .collect();
    let events = SseStream::from_bytes_stream(stream::iter(chunks));
    let events = events.map(|event| event.ok().map(|event| event.data));
    events.collect::<Vec<_>>().await.into_iter().collect()
}

proptest! {
    /// What is found in a message really stands there, and all of it is JSON.
    #[test]
    fn envelopes(bytes in changed("envelope")) {
        let Ok(message) = Message::parse(&bytes) else { return Ok(()) };
        prop_assert!(serde_json::from_slice::<&serde_json::value::RawValue>(&bytes).is_ok());
        for part in [message.id, message.params, message.result, message.error].into_iter().flatten() {
            prop_assert_eq!(&bytes[span(&bytes, part)], part.get().as_bytes());
        }
        let params = message.params.and_then(|params| Params::parse(params).ok());
        if let Some(meta) = params.and_then(|params| params.meta) {
            let _ = Meta::parse(meta);
        }
    }

    /// Whatever a header carries reads back, wrapped or not.
    #[test]
    fn headers(bytes in changed("header")) {
        if let Ok(text) = std::str::from_utf8(&bytes) {
            let _ = decode(text);
            let written = encode(text);
            let read = decode(written.to_str().expect("ASCII")).map(std::borrow::Cow::into_owned);
            prop_assert_eq!(read.as_deref(), Some(text));
        }
    }

    /// Nothing opens that was not sealed here, and a sealed token does not open changed.
    #[test]
    fn tokens(bytes in changed("session"), at in any::<Index>(), to in 1u8..64) {
        let (sealer, owner) = (sealer(), Uuid::from_u128(1));
        if let Ok(text) = std::str::from_utf8(&bytes) {
            prop_assert_eq!(sealer.open(Purpose::Session, owner, text), None);
        }
        let mut token = sealer.seal(Purpose::Session, owner, b"content").expect("a token").into_bytes();
        let at = at.index(token.len());
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let old = alphabet.iter().position(|byte| *byte == token[at]).expect("a digit");
        token[at] = alphabet[(old + usize::from(to)) % alphabet.len()];
        let token = String::from_utf8(token).expect("ASCII");
        prop_assert_eq!(sealer.open(Purpose::Session, owner, &token), None);
    }

    /// Where a stream is cut into chunks makes no difference.
    #[test]
    fn event_streams(bytes in changed("events"), chunk in 1usize..20) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let (whole, cut) = runtime.block_on(async {
            (events(&bytes, bytes.len().max(1)).await, events(&bytes, chunk).await)
        });
        if whole.is_some() {
            prop_assert_eq!(whole, cut);
        }
    }
}
