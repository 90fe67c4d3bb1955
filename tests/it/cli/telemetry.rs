//! Traces leave the process when there is somewhere to send them.

use crate::harness::{
    mcp::{Endpoint, modern},
    ostia::Ostia,
};
use serde_json::json;
use std::time::Duration;
use tokio::{io::AsyncReadExt as _, net::TcpListener, time::timeout};

/// Everything one exporter sends. Nobody answers it: what it says first needs no answer.
async fn collect(listener: &TcpListener, wanted: &[u8]) -> bool {
    let (mut stream, _) = listener.accept().await.expect("a connection");
    let mut received = Vec::new();
    while stream.read_buf(&mut received).await.expect("bytes") > 0 {
        if received.windows(wanted.len()).any(|bytes| bytes == wanted) {
            return true;
        }
    }
    false
}

#[tokio::test]
async fn the_span_of_a_call_is_exported_with_the_trace_of_its_client() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let collector = format!("http://{}", listener.local_addr().expect("an address"));
    let ostia = Ostia::options()
        .arg("--otlp-endpoint")
        .arg(collector)
        // What is logged has no say in what is traced.
        .arg("--log")
        .arg("warn")
        .start()
        .await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    let arguments = json!({ "message": "traced" });
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let call = modern::call(&endpoint, "demo__echo", &arguments).header("traceparent", parent);
    call.send().await.result();

    // The trace id as OTLP sends it: sixteen bytes.
    let trace = 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c_u128.to_be_bytes();
    let exported = timeout(Duration::from_secs(20), collect(&listener, &trace)).await;
    assert!(
        exported.expect("spans in time"),
        "the trace was not continued"
    );
}
