//! How the program ends, and what it refuses to start over.

use super::{FAILED, folder, ostia, ostia_with};
use crate::harness::{
    http,
    mcp::{Endpoint, modern},
    ostia::Ostia,
    processes, wait,
};
use serde_json::json;
use std::{net::TcpListener, time::Duration};

#[tokio::test]
async fn a_stop_ends_with_zero_and_takes_the_address_back() {
    let mut ostia = Ostia::start().await;
    let address = ostia.data_dir().join("control.addr");
    assert!(address.exists());
    ostia.stop().await;
    assert!(!address.exists());
}

#[tokio::test]
async fn after_a_kill_the_command_line_opens_the_folder_itself() {
    let mut ostia = Ostia::options().sqlite().start().await;
    ostia.kill9().await;
    assert!(ostia.data_dir().join("control.addr").exists());
    let listed = ostia.cli(&["keys", "list"]).await.ok();
    assert_eq!(super::texts(&listed.json(), "name"), ["demo"]);
    ostia.start_again().await;
}

#[tokio::test]
async fn a_port_that_is_taken_is_named_with_its_flag_and_costs_nothing() {
    let (folder, taken) = (folder(), TcpListener::bind("127.0.0.1:0").expect("a port"));
    let address = taken.local_addr().expect("an address").to_string();
    for role in ["control", "mcp", "web", "admin"] {
        let mut args = vec!["run".to_owned()];
        for each in ["control", "mcp", "web", "admin"] {
            args.push(format!("--{each}-listen"));
            args.push(if each == role {
                address.clone()
            } else {
                "127.0.0.1:0".into()
            });
        }
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let refused = ostia(folder.path(), &args).await;
        assert_eq!(refused.code, FAILED, "{refused:#?}");
        assert!(refused.stderr.contains(&address), "{refused:#?}");
        assert!(
            refused.stderr.contains(&format!("--{role}-listen")),
            "{refused:#?}"
        );
    }
    // The first start, with its login link, is still to come.
    assert!(!folder.path().join("ostia-data/ostia.db").exists());
}

#[tokio::test]
async fn two_programs_do_not_share_a_folder() {
    let first = Ostia::start().await;
    let data = first.data_dir();
    let ports: Vec<String> = ["control", "mcp", "web", "admin"]
        .iter()
        .flat_map(|role| [format!("--{role}-listen"), "127.0.0.1:0".to_owned()])
        .collect();
    let mut args = vec!["run", "--data-dir", data.to_str().expect("UTF-8")];
    args.extend(ports.iter().map(String::as_str));
    let refused = ostia_with(&data, &args, &[]).await;
    assert_eq!(refused.code, FAILED, "{refused:#?}");
    assert!(
        refused.stderr.contains("already runs control"),
        "{refused:#?}"
    );
    // The first one still announces itself.
    first.cli(&["users", "list"]).await.ok();
}

#[tokio::test]
async fn the_admin_listener_says_how_it_is() {
    let ostia = Ostia::start().await;
    let get = async |path: &str| {
        let url = format!("{}{path}", ostia.admin_url);
        let answer = http::client().get(url).send().await.expect("an answer");
        (
            answer.status().as_u16(),
            answer.text().await.expect("a body"),
        )
    };
    assert_eq!(get("/livez").await.0, 200);
    let (status, ready) = get("/readyz").await;
    assert_eq!(
        (status, ready.contains(r#""edge":true"#)),
        (200, true),
        "{ready}"
    );
    let (_, metrics) = get("/metrics").await;
    let names = metrics
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ostia_"));
    for name in names.filter_map(|line| line.split(' ').next()) {
        let help = format!("# HELP ostia_{name} ");
        assert!(metrics.contains(&help), "ostia_{name} has no help text");
    }
    assert!(metrics.contains("ostia_build_info{version="), "{metrics}");
}

async fn until_ended(ostia: &Ostia, deadline: Duration) {
    let ended = wait::until(deadline, "the process ends", || async {
        match processes::read(ostia.pid()) {
            Some(process) if !process.zombie => Err(process),
            _ => Ok(()),
        }
    });
    ended.await;
}

#[tokio::test]
async fn a_stop_ends_readiness_first_and_lets_a_call_end() {
    let ostia = Ostia::start().await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    let arguments = json!({ "seconds": 2 });
    let call = modern::call(&endpoint, "demo__slow", &arguments).send();
    let url = format!("{}/readyz", ostia.admin_url);
    let stop = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        processes::terminate(ostia.pid());
        let gone = wait::until(Duration::from_secs(1), "readiness is gone", || async {
            match http::client().get(&url).send().await {
                Ok(answer) if answer.status() == 503 => Ok(()),
                other => Err(format!("{other:?}")),
            }
        });
        gone.await;
    };
    let (answer, ()) = tokio::join!(call, stop);
    assert_eq!(answer.first_text(), "took 2 s");
    until_ended(&ostia, Duration::from_secs(10)).await;
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let mut ostia = Ostia::start().await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &ostia.key);
    let arguments = json!({ "seconds": 60 });
    let call = modern::call(&endpoint, "demo__slow", &arguments).send();
    let stop = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        processes::terminate(ostia.pid());
        let asked = wait::until(Duration::from_secs(5), "it was asked", || async {
            let log = ostia.log();
            if log.contains("stopping;") {
                Ok(())
            } else {
                Err(log)
            }
        });
        asked.await;
        processes::terminate(ostia.pid());
    };
    tokio::select! {
        () = stop => {}
        answer = call => panic!("answered: {answer:?}"),
    }
    until_ended(&ostia, Duration::from_secs(2)).await;
    ostia.start_again().await;
}
