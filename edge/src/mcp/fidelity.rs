//! What passes through arrives as it was sent: a property of every message, whatever is in it.

use super::{
    answer::Addressee,
    envelope::{Message, Meta, Params, span},
    era::Era,
    relay::Relayed,
};
use crate::{
    pool::pending::Answer,
    upstream::request_line::{Bridge, RequestLine},
};
use bytes::Bytes;
use ostia_domain::capability::ClientCapabilities;
use proptest::{collection::vec, prelude::*, sample::select};

/// Numbers that no type holds as they are written, texts with more than one spelling.
const LEAVES: [&str; 14] = [
    "null",
    "true",
    "0",
    "-0",
    "1.0",
    "1e400",
    "1E+2",
    "123456789012345678901234567890",
    "-0.10",
    r#""""#,
    r#""\u00e9 \/ \ud83d\ude00""#,
    "\"é 😀 \u{2028}\"",
    r#""\"id\":7,\\""#,
    r#""resultType""#,
];

/// JSON as a text, with spaces where they may stand.
fn json() -> impl Strategy<Value = String> {
    let leaf = select(&LEAVES[..]).prop_map(str::to_owned);
    leaf.prop_recursive(3, 24, 4, |inner| {
        let space = || select(&["", " ", "\t"][..]);
        let array = (vec(inner.clone(), 0..4), space())
            .prop_map(|(items, space)| format!("[{space}{}]", items.join(&format!("{space},"))));
        prop_oneof![array, object(inner, "")]
    })
}

/// An object of members that nobody knows, each name once, in any order.
fn object(
    value: impl Strategy<Value = String>,
    prefix: &'static str,
) -> impl Strategy<Value = String> {
    members(value, prefix).prop_map(|members| format!("{{{}}}", members.join(" ,")))
}

fn members(
    value: impl Strategy<Value = String>,
    prefix: &'static str,
) -> impl Strategy<Value = Vec<String>> {
    vec(value, 0..4).prop_map(move |values| {
        let named = values.into_iter().enumerate();
        named
            .map(|(at, value)| format!("\"{prefix}\\u0061{at}\" :{value}"))
            .collect()
    })
}

/// Members in an order that the seed decides.
fn shuffled(mut members: Vec<String>, seed: usize) -> String {
    let places = members.len().max(1);
    members.rotate_left(seed % places);
    if seed % 2 == 1 {
        members.reverse();
    }
    format!("{{{}}}", members.join(","))
}

/// A call in the client's words or in ours: all that differs is what is passed in.
fn call(
    (id, name, token): (&str, &str, &str),
    arguments: &str,
    (meta, params, outer): (&[String], &[String], &[String]),
    seed: usize,
) -> String {
    let token = format!(r#""progressToken": {token}"#);
    let meta = shuffled([meta, &[token]].concat(), seed);
    let known = [
        format!(r#""name":{name}"#),
        format!(r#""arguments" : {arguments}"#),
        format!(r#""_meta":{meta}"#),
    ];
    let params = shuffled([&known[..], params].concat(), seed / 2);
    let known = [
        r#""jsonrpc":"2.0""#.to_owned(),
        format!(r#""id": {id}"#),
        r#""method":"tools/call""#.to_owned(),
        format!(r#""params": {params}"#),
    ];
    shuffled([&known[..], outer].concat(), seed / 3)
}

fn answer_to(id: &str, result: &str, is_result: bool, outer: &[String], seed: usize) -> String {
    let member = if is_result { "result" } else { "error" };
    let known = [
        r#""jsonrpc" :"2.0""#.to_owned(),
        format!(r#""id":{id}"#),
        format!(r#""{member}": {result}"#),
    ];
    shuffled([&known[..], outer].concat(), seed)
}

fn read_answer(text: &str) -> Answer {
    let line = Bytes::copy_from_slice(text.as_bytes());
    let message = Message::parse(&line).expect("a message");
    Answer {
        id: span(&line, message.id.expect("an id")),
        payload: span(&line, message.result.or(message.error).expect("an answer")),
        is_result: message.result.is_some(),
        line: line.clone(),
    }
}

fn addressee(era: Era) -> Addressee {
    Addressee {
        id: Bytes::from_static(b"\"\\u0069d\""),
        progress_token: None,
        log_level: None,
        era,
        relayed: Relayed::Call,
    }
}

/// Beside what is removed a space may go with it, and nothing else.
fn without_spaces(text: &str) -> String {
    text.replace(' ', "")
}

proptest! {
    /// Towards an upstream only the id, the name and the progress token are others.
    #[test]
    fn an_upstream_gets_the_clients_bytes(
        arguments in object(json(), "arg"),
        meta in members(json(), "meta"),
        params in members(json(), "param"),
        outer in members(json(), "outer"),
        id in select(&["1", "-1.0e3", "\"\\u0061\"", "99999999999999999999"][..]),
        seed in 0usize..1000,
    ) {
        let others = (&meta[..], &params[..], &outer[..]);
        let sent = call((id, r#""u__t""#, r#""p\/""#), &arguments, others, seed);
        let wanted = call(("42", r#""t""#, "42"), &arguments, others, seed);
        let body = Bytes::from(sent);
        let message = Message::parse(&body).expect("a message");
        let read = Params::parse(message.params.expect("params")).expect("params");
        let read_meta = Meta::parse(read.meta.expect("_meta")).expect("_meta");
        let bridge = Bridge {
            name: Some((read.name.expect("a name"), br#""t""#)),
            request_state: None,
            client_era: Era::Legacy,
            upstream_era: Era::Legacy,
            capabilities: ClientCapabilities::NONE,
            log_level: None,
            traceparent: None,
        };
        let line = RequestLine::new(&body, &message, (Some(&read), Some(&read_meta)), &bridge);
        prop_assert_eq!(String::from_utf8(line.line(42)).expect("UTF-8"), wanted);
    }

    /// Towards a client only the id is another, and in the other era what that era has more or less.
    #[test]
    fn a_client_gets_the_upstreams_bytes(
        members in members(json(), "result"),
        place in any::<prop::sample::Index>(),
        outer in members(json(), "outer"),
        is_result in any::<bool>(),
        seed in 0usize..1000,
    ) {
        let object = |members: &[String]| format!("{{{}}}", members.join(" ,"));
        let result = object(&members);
        let sent = answer_to("42", &result, is_result, &outer, seed);
        let wanted = |result: &str| answer_to(r#""\u0069d""#, result, is_result, &outer, seed);
        let told_of = |sent: &str, client, upstream| {
            let text = addressee(client).answer(&read_answer(sent), upstream, &[]);
            String::from_utf8(text).expect("UTF-8")
        };
        let told = |client, upstream| told_of(&sent, client, upstream);
        for era in [Era::Legacy, Era::Modern] {
            prop_assert_eq!(told(era, era), wanted(&result));
        }
        prop_assert_eq!(told(Era::Legacy, Era::Modern), wanted(&result));
        let mut typed = members.clone();
        typed.insert(place.index(members.len() + 1), r#""resultType" : "complete""#.to_owned());
        let typed = object(&typed);
        let sent = answer_to("42", &typed, is_result, &outer, seed);
        let told_typed = told_of(&sent, Era::Legacy, Era::Modern);
        prop_assert_eq!(without_spaces(&told_typed), without_spaces(&wanted(if is_result { &result } else { &typed })));
        let comma = if result == "{}" { "" } else { "," };
        let complete = result.replacen('{', &format!(r#"{{"resultType":"complete"{comma}"#), 1);
        let complete = if is_result { &complete } else { &result };
        prop_assert_eq!(told(Era::Modern, Era::Legacy), wanted(complete));
    }
}
