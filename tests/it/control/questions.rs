//! What control asks the edges that follow it, for somebody who waits.

use super::fixture::{Fixture, assert_refused, definition, start};
use ostia_domain::code::Code;
use ostia_proto::{
    ControlClient,
    v1::{self, answer_request::Said, question::Ask, watch_response::Event},
};
use tonic::{Code as Grpc, Status, Streaming};

/// An edge that answers questions, which has taken its first snapshot.
async fn edge(client: &ControlClient) -> Streaming<v1::WatchResponse> {
    let request = v1::WatchRequest {
        edge: "one".to_owned(),
        known: None,
        answers: true,
        ..v1::WatchRequest::default()
    };
    let watch = client.sync().watch(request).await;
    let mut watch = watch.expect("a watch").into_inner();
    let first = watch.message().await.expect("a message");
    assert!(matches!(
        first.and_then(|first| first.event),
        Some(Event::Snapshot(_))
    ));
    watch
}

async fn question(watch: &mut Streaming<v1::WatchResponse>) -> v1::Question {
    loop {
        let message = watch.message().await.expect("a message");
        let message = message.expect("a watch does not end");
        if let Some(Event::Question(question)) = message.event {
            return question;
        }
    }
}

async fn answer(client: &ControlClient, question: &v1::Question, said: Said) -> Result<(), Status> {
    let request = v1::AnswerRequest {
        question_id: question.id.clone(),
        edge: "one".to_owned(),
        said: Some(said),
    };
    client.sync().answer(request).await?;
    Ok(())
}

async fn probe(
    control: &Fixture,
    definition: v1::UpstreamDefinition,
    upstream: Option<&str>,
) -> Result<v1::ProbeUpstreamResponse, Status> {
    let request = v1::ProbeUpstreamRequest {
        definition: Some(definition),
        upstream: upstream.map(str::to_owned),
    };
    let tried = control.client.upstreams().probe_upstream(request).await?;
    Ok(tried.into_inner())
}

fn failed(problem: &str) -> Said {
    Said::Probed(Box::new(v1::Probed {
        catalogue: None,
        problem: Some(problem.to_owned()),
        stage: v1::UpstreamStage::Connect.into(),
    }))
}

#[tokio::test]
async fn a_definition_is_tried_by_one_edge_and_not_kept() {
    let control = start().await;
    let nobody = probe(&control, definition("new", &[]), None).await;
    assert_refused(nobody, Grpc::DeadlineExceeded, Code::UpstreamUnlisted);
    let mut watch = edge(&control.client).await;
    let tried = definition("new", &[("TOKEN", "hunter2")]);
    let answers = async {
        let asked = question(&mut watch).await;
        let Some(Ask::Probe(upstream)) = &asked.ask else {
            panic!("{asked:?}");
        };
        let mut given = upstream.definition.clone().expect("a definition");
        assert_eq!(given.credentials_mut().expect("some")["TOKEN"], "hunter2");
        // What nobody asked, and what is no answer.
        let other = v1::Question {
            id: uuid::Uuid::now_v7().to_string(),
            ask: None,
        };
        let said = answer(&control.client, &other, failed("of another")).await;
        said.expect("ignored");
        let output = Said::Probed(Box::new(v1::Probed {
            problem: Some("without a stage".to_owned()),
            ..v1::Probed::default()
        }));
        let refused = answer(&control.client, &asked, output).await;
        assert_refused(refused, Grpc::InvalidArgument, Code::InvalidArgument);
        let said = answer(&control.client, &asked, failed("nobody there")).await;
        said.expect("an answer");
    };
    let (found, ()) = tokio::join!(probe(&control, tried, None), answers);
    let found = found.expect("an answer");
    assert_eq!(found.edge, "one");
    assert_eq!(found.problem.as_deref(), Some("nobody there"));
    assert_eq!(found.problem_stage(), v1::UpstreamStage::Connect);
    assert!(found.catalogue.is_none());
    let request = v1::ListUpstreamsRequest {};
    let all = control.client.upstreams().list_upstreams(request).await;
    assert_eq!(all.expect("a list").into_inner().upstreams, []);
    let event = control.events().await.pop().expect("an event");
    assert_eq!((&*event.action, &*event.target), ("upstreams.probe", "new"));
    assert!(!event.detail.contains("hunter2"), "{}", event.detail);
}

#[tokio::test]
async fn what_was_given_before_is_tried_where_it_would_go_anyway() {
    let control = start().await;
    let kept = [("TOKEN", "hunter2")];
    control.add_upstream("github", &kept).await.expect("added");
    let mut watch = edge(&control.client).await;
    let same = definition("github", &[("TOKEN", "")]);
    let answers = async {
        let asked = question(&mut watch).await;
        let Some(Ask::Probe(upstream)) = &asked.ask else {
            panic!("{asked:?}");
        };
        let mut given = upstream.definition.clone().expect("a definition");
        assert_eq!(given.credentials_mut().expect("some")["TOKEN"], "hunter2");
        let said = answer(&control.client, &asked, failed("gone")).await;
        said.expect("an answer");
    };
    let (found, ()) = tokio::join!(probe(&control, same.clone(), Some("github")), answers);
    assert_eq!(found.expect("an answer").problem.as_deref(), Some("gone"));

    // Whoever may try definitions but does not know a secret does not get it sent elsewhere.
    let mut elsewhere = same;
    if let Some(v1::upstream_definition::Transport::Stdio(command)) = &mut elsewhere.transport {
        command.program = "another-program".to_owned();
    }
    let refused = probe(&control, elsewhere, Some("github")).await;
    assert_refused(refused, Grpc::InvalidArgument, Code::InvalidArgument);
    let unknown = probe(&control, definition("x", &[]), Some("nowhere")).await;
    assert_refused(unknown, Grpc::NotFound, Code::NoSuchObject);
}

#[tokio::test]
async fn output_is_of_the_edges_that_answer() {
    let control = start().await;
    let upstream = control.add_upstream("github", &[]).await.expect("added");
    let mut watch = edge(&control.client).await;
    let request = v1::ListWorkerOutputRequest {
        upstream: "github".to_owned(),
    };
    let mut upstreams = control.client.upstreams();
    let line = v1::WorkerLine {
        worker: 7,
        at: Some(prost_types::Timestamp::default()),
        text: "it says so".to_owned(),
    };
    let answers = async {
        let asked = question(&mut watch).await;
        assert_eq!(asked.ask, Some(Ask::Output(upstream.id.clone())));
        let lines = vec![line.clone()];
        let said = Said::Output(v1::WorkerOutput { lines });
        answer(&control.client, &asked, said)
            .await
            .expect("an answer");
    };
    let (listed, ()) = tokio::join!(upstreams.list_worker_output(request.clone()), answers);
    let edges = listed.expect("output").into_inner().edges;
    assert_eq!(edges.len(), 1);
    assert_eq!((&*edges[0].edge, &*edges[0].lines), ("one", &[line][..]));

    // One that is gone is not asked, and nobody waits for it.
    drop(watch);
    let listed = upstreams.list_worker_output(request).await;
    assert_eq!(listed.expect("output").into_inner().edges, []);
}
