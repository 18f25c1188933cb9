//! Getting in: the handshake, tokens, and what keeps someone out.

use harness::token::{self, Algorithm, now_s, sign, sign_with};
use harness::{Client, Raw, Stack, Topology, http};
use serde_json::{Value, json};

use crate::{options, start};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_kind_of_bad_token_is_refused_with_its_code() {
    let stack = start(Topology::Single).await;
    let good = json!({ "sub": "ana", "exp": now_s() + 600 });
    let with = |field: &str, value: Value| {
        let mut claims = good.clone();
        claims[field] = value;
        sign(&claims)
    };
    let without_exp = sign(&json!({ "sub": "ana" }));
    let unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJhbmEiLCJleHAiOjQ4MDAwMDAwMDB9.";
    let mut forged = sign(&good);
    forged.truncate(forged.len() - 4);
    let cases = [
        ("no token", Value::Null, "missing-token"),
        ("an empty object", json!({}), "missing-token"),
        ("an empty token", json!({ "token": "" }), "missing-token"),
        ("no text", json!({ "token": 7 }), "invalid-token"),
        ("no JWT", json!({ "token": "let me in" }), "invalid-token"),
        ("a cut signature", json!({ "token": forged }), "invalid-token"),
        ("alg none", json!({ "token": unsigned }), "invalid-token"),
        (
            "another secret",
            json!({ "token": sign_with(Algorithm::HS256, "another secret of enough bytes", &good) }),
            "invalid-token",
        ),
        (
            "an algorithm that the key is not for",
            json!({ "token": sign_with(Algorithm::HS512, token::SECRET, &good) }),
            "invalid-token",
        ),
        ("expired", json!({ "token": with("exp", json!(now_s() - 60)) }), "expired-token"),
        ("no exp", json!({ "token": without_exp }), "invalid-token"),
        ("not yet", json!({ "token": with("nbf", json!(now_s() + 600)) }), "invalid-token"),
        ("no sub", json!({ "token": sign(&json!({ "exp": now_s() + 600 })) }), "invalid-token"),
        ("a sub with a blank", json!({ "token": with("sub", json!("a na")) }), "invalid-token"),
        ("a long sub", json!({ "token": with("sub", json!("x".repeat(129))) }), "invalid-token"),
    ];
    for (case, auth, code) in cases {
        match Client::try_connect(stack.edge_url(0), &auth, &[]).await {
            Ok(_) => panic!("{case} was let in"),
            Err(refusal) => {
                assert_eq!(refusal["data"]["code"], code, "{case}: {refusal}");
                assert!(refusal["message"].is_string(), "{case}: {refusal}");
            }
        }
    }
    // Whoever was refused may send a good token on the same connection.
    let mut raw = Raw::open(stack.edge_url(0), &[]).await;
    raw.send("40").await;
    assert!(raw.next().await.is_some_and(|answer| answer.starts_with("44")));
    raw.send(format!("40{}", json!({ "token": stack.token("ana", &[]) }))).await;
    assert!(raw.next().await.is_some_and(|answer| answer.starts_with("40{\"sid\":")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn good_tokens_come_in_several_forms() {
    let stack = start(Topology::Single).await;
    let url = stack.edge_url(0);
    let bearer = format!("Bearer {}", stack.token("ana", &[]));
    let header = [("Authorization", bearer.as_str())];
    let by_header = Client::try_connect(url, &Value::Null, &header).await;
    assert!(by_header.is_ok(), "the handshake's header is taken where auth has no token");
    let auth = json!({ "token": "not a token" });
    let both = Client::try_connect(url, &auth, &header).await;
    assert!(both.is_err(), "auth.token comes before the header");

    // Within the leeway of 5 seconds a token is still taken.
    let late = sign(&json!({ "sub": "ana", "exp": now_s() - 2, "nbf": now_s() + 3 }));
    assert!(Client::try_connect(url, &json!({ "token": late }), &[]).await.is_ok());

    let claims = json!({ "sub": "auth0|a+b=c/d", "exp": now_s() + 600, "role": "organizer" });
    let client = Client::connect(url, &sign(&claims)).await;
    client.ok("create-room", json!({ "roomId": "finals", "type": "contest" })).await;
    let joined = client.ok("join-room", json!({ "roomId": "finals" })).await;
    let member = &joined["members"][0];
    assert_eq!(member["id"], "auth0|a+b=c/d");
    assert_eq!(member["name"], "auth0|a+b=c/d", "without a name the user id is shown");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_secret_of_the_list_verifies() {
    let old = "the-secret-of-last-month-0123456789-abcdef";
    let secrets = format!("{},{old}", token::SECRET);
    let stack = Stack::start(options(Topology::Single).with("JWT_SECRET", secrets)).await;
    let claims = json!({ "sub": "ana", "exp": now_s() + 600 });
    Client::connect(stack.edge_url(0), &sign_with(Algorithm::HS256, old, &claims)).await;
    Client::connect(stack.edge_url(0), &sign(&claims)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_connections_than_a_user_may_have_are_refused() {
    let stack = Stack::start(options(Topology::Single).with("CONNECTIONS_PER_USER", 2)).await;
    let _first = stack.client(0, "ana").await;
    let second = stack.client(0, "ana").await;
    let auth = json!({ "token": stack.token("ana", &[]) });
    let third = Client::try_connect(stack.edge_url(0), &auth, &[]).await;
    let refusal = third.err().expect("a third connection is one too many");
    assert_eq!(refusal["data"]["code"], "rate-limited");
    drop(second);
    harness::until("a place to be free again", || async {
        Client::try_connect(stack.edge_url(0), &auth, &[]).await.ok()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_is_not_the_protocol_gets_the_protocols_answer() {
    let stack = start(Topology::Single).await;
    let url = stack.edge_url(0);
    for (query, code, message) in [
        ("EIO=3&transport=polling", 5, "Unsupported protocol version"),
        ("EIO=4&transport=carrier-pigeon", 0, "Transport unknown"),
        ("EIO=4&transport=polling&sid=nobody", 1, "Session ID unknown"),
    ] {
        let reply = http::get(url, &format!("/socket.io/?{query}")).await;
        assert_eq!(reply.status, 400, "{query}");
        let body: Value = serde_json::from_str(&reply.body).expect("JSON");
        assert_eq!(body, json!({ "code": code, "message": message }), "{query}");
    }
    let reply = http::post(url, "/socket.io/?EIO=4&transport=polling", "").await;
    assert_eq!(reply.status, 400);
    let body: Value = serde_json::from_str(&reply.body).expect("JSON");
    assert_eq!(body["code"], 2, "a session begins with a GET");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_see_health_readiness_and_metrics() {
    let stack = start(Topology::Single).await;
    let _client = stack.client(0, "ana").await;
    for url in [stack.edge_url(0), stack.admin_url(0)] {
        let reply = http::get(url, "/health").await;
        assert_eq!(reply.status, 200);
        let health: Value = serde_json::from_str(&reply.body).expect("JSON");
        assert_eq!(health["status"], "ok");
        assert_eq!(health["service"], "realtime-service");
        assert_eq!(health["connections"], 1);
        assert!(health["redis"]["latencyMs"].is_number(), "{health}");
        for field in ["timestamp", "version", "uptimeSeconds"] {
            assert!(!health[field].is_null(), "{field} is missing: {health}");
        }
    }
    assert_eq!(http::get(stack.admin_url(0), "/ready").await.status, 200);
    let metrics = http::get(stack.admin_url(0), "/metrics").await;
    assert_eq!(metrics.status, 200);
    assert!(metrics.body.contains("# TYPE "), "Prometheus text: {}", metrics.body);
    for path in ["/ready", "/metrics"] {
        assert_eq!(http::get(stack.edge_url(0), path).await.status, 404, "{path} is not public");
    }
}
