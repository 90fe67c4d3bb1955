//! Signing in to the dashboard and out of it.

use ostia_proto::{ControlClient, v1};

pub(super) async fn begin_and_end_some(client: &ControlClient) {
    let sign_in = v1::SignInRequest {
        issuer: "https://login.example.org".to_owned(),
        subject: "4711".to_owned(),
        provider: "company".to_owned(),
        name: "carol".to_owned(),
        ..v1::SignInRequest::default()
    };
    let user = client.identity().sign_in(sign_in).await;
    let user = user.expect("a user").into_inner();
    let id_hash = vec![7; 32];
    let session = v1::CreateBrowserSessionRequest {
        id_hash: id_hash.clone(),
        user_id: Some(user.id.clone()),
        data: Vec::new(),
        idle_seconds: 60,
        max_seconds: 60,
    };
    let mut sessions = client.browser_sessions();
    let begun = sessions.create_browser_session(session).await;
    begun.expect("a session");
    let end = v1::EndBrowserSessionRequest {
        id_hash,
        user_id: None,
    };
    let ended = sessions.end_browser_session(end).await;
    ended.expect("ended");
    let of = v1::SignOutUserRequest {
        user: user.id.clone(),
    };
    let ended = client.identity().sign_out_user(of).await;
    ended.expect("ended");
    let all = v1::EndBrowserSessionsOfUserRequest { user: user.id };
    let ended = sessions.end_browser_sessions_of_user(all).await;
    ended.expect("ended");
}
