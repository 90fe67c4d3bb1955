//! What Ostia does not know passes through as it is, in both directions.

use crate::harness::{
    control,
    mcp::{Endpoint, legacy::Session, modern},
    ostia::Ostia,
    upstreams,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

/// RESULT of tests/peers/odd.py, without its braces: the stateless era adds members of its own.
const RESULT: &str = r#""zeta":1e400 ,"content":[{"x-item":{"b":1,"a":[ ]},"type":"text","text":"caf\u00e9 \ud83d\ude00 \/ é"}],"alpha":12345678901234567890123456789,"one":1.0,"minus":-0.0,"nested" : { "z":0 , "a":null },"isError":false,"_meta":{"com.example/odd":[1 , 2]},"A":"\u0041""#;

async fn odd() -> (Ostia, Endpoint) {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    upstreams::script("odd", "odd.py", &[]).add(&control).await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    (ostia, endpoint)
}

#[tokio::test]
async fn a_result_arrives_as_it_was_sent() {
    let (_ostia, endpoint) = odd().await;
    let session = Session::open(&endpoint).await;
    let answer = session.call("odd__odd", &json!({})).await;
    assert!(answer.messages()[0].contains(RESULT), "{}", answer.text());
    assert!(
        answer.text().contains(r#""x-before":[ 1 ]"#),
        "{}",
        answer.text()
    );
    assert!(
        answer.text().contains(r#""x-after":"\u0061""#),
        "{}",
        answer.text()
    );

    let answer = modern::call(&endpoint, "odd__odd", &json!({})).send().await;
    let message = &answer.messages()[0];
    assert!(message.contains(RESULT), "{message}");
    assert!(message.contains(r#""resultType":"complete""#), "{message}");
}

#[tokio::test]
async fn a_request_arrives_as_it_was_sent() {
    let (_ostia, endpoint) = odd().await;
    let session = Session::open(&endpoint).await;
    let arguments = r#"{"z":1 ,"a":12345678901234567890123,"u":"\u00e9\/","e":1e999,"d":1,"d":2}"#;
    let body = format!(
        r#"{{"x-envelope":[ true ],"method":"tools/call","id":"\u00e9","params":{{"x-first":0.10, "arguments" : {arguments},"name":"odd__record","task":{{"ttl":1.0}}}},"jsonrpc":"2.0"}}"#
    );
    let answer = session.post(body).send().await;
    assert!(
        answer.text().contains(r#""id":"\u00e9""#),
        "{}",
        answer.text()
    );
    let line = STANDARD.decode(answer.first_text()).expect("Base64");
    let line = String::from_utf8(line).expect("UTF-8");
    for part in [
        arguments,
        r#""x-envelope":[ true ]"#,
        r#""x-first":0.10"#,
        r#""task":{"ttl":1.0}"#,
        r#""name":"record""#,
    ] {
        assert!(line.contains(part), "{part} did not arrive: {line}");
    }
    // The id on this hop is ours: nobody else's can collide with it.
    assert!(!line.contains(r#""id":"\u00e9""#), "{line}");
}

#[tokio::test]
async fn a_definition_arrives_as_it_was_sent() {
    let (_ostia, endpoint) = odd().await;
    let session = Session::open(&endpoint).await;
    let parts = [
        r#""x-first":{"z":1, "a":2.50}"#,
        r#""name":"odd__odd""#,
        r#""description":"caf\u00e9""#,
        r#""inputSchema":{"type":"object","$defs":{"n":{"const":1e3}},"$anchor":"here"}"#,
        r#""execution":{"taskSupport":"optional"}"#,
        r#""annotations":{"readOnlyHint":true,"x-hint":"kept"}"#,
    ];
    let legacy = session.request(1, "tools/list", &json!({})).await;
    let modern = modern::request(&endpoint, 1, "tools/list", &json!({}))
        .send()
        .await;
    for answer in [legacy, modern] {
        for part in parts {
            assert!(
                answer.text().contains(part),
                "{part} is not in {}",
                answer.text()
            );
        }
    }
}

/// A string may hold what looks like structure.
#[tokio::test]
async fn text_is_not_taken_for_structure() {
    let (_ostia, endpoint) = odd().await;
    for message in [
        r#"","id":7,"x":""#,
        "}}]]\n\r\t",
        r"\",
        "\u{0}\u{1f600}\u{feff}",
        r#"{"jsonrpc":"2.0","id":1}"#,
    ] {
        let answer = modern::call(&endpoint, "demo__echo", &json!({"message": message}))
            .send()
            .await;
        assert_eq!(answer.first_text(), message);
    }
}

/// The size that models meet when they read a file.
#[tokio::test]
async fn a_mebibyte_passes_both_ways() {
    let (_ostia, endpoint) = odd().await;
    let message: String = "0123456789abcdef".repeat(1 << 16);
    let answer = modern::call(&endpoint, "demo__echo", &json!({"message": message}))
        .send()
        .await;
    assert_eq!(answer.first_text(), message);
    let session = Session::open(&endpoint).await;
    assert_eq!(
        session
            .call("demo__echo", &json!({"message": message}))
            .await
            .first_text(),
        message
    );
}

/// What an upstream says about a failure is for the caller, unchanged.
#[tokio::test]
async fn errors_of_an_upstream_pass_through() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    upstreams::script("faulty", "faulty.py", &["errors"])
        .add(&control)
        .await;
    let key = control::master_key(&control, "all").await;
    let session = Session::open(&Endpoint::new(&ostia.mcp_url, &key)).await;

    let answer = session.call("faulty__error", &json!({})).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.json()["error"],
        json!({"code": -32000, "message": "no", "data": {"x": [1]}})
    );
    assert!(
        answer.text().contains(r#""data":{"x":[1 ]}"#),
        "{}",
        answer.text()
    );

    let failed = session.call("faulty__fail", &json!({})).await.result();
    assert_eq!(failed["isError"], Value::Bool(true));
}
