//! What settings are taken, and what is said of the others before anything is bound.

use clap::Parser;

use super::Config;

const STRONG: &str = "b7c1f4a09d2e8836b7c1f4a09d2e8836";

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    edge: Config,
}

fn config(flags: &[&str]) -> Config {
    Cli::parse_from(["edge"].iter().chain(flags)).edge
}

#[track_caller]
fn refused(flags: &[&str], production: bool) -> String {
    config(flags).check(production).expect_err("refused").to_string()
}

#[test]
fn a_start_without_any_key_is_refused_everywhere() {
    for flags in [&[][..], &["--jwt-secret", ""], &["--jwt-secret", " , "]] {
        assert!(refused(flags, false).contains("JWT_SECRET"), "{flags:?}");
        assert!(refused(flags, true).contains("JWT_SECRET"), "{flags:?}");
    }
    assert!(config(&["--jwt-jwks-file", "keys.json"]).check(true).is_ok());
    assert!(refused(&["--jwt-jwks-file", ""], true).contains("JWT_SECRET"));
}

#[test]
fn production_refuses_a_secret_that_can_be_guessed() {
    let long_word = "secret".repeat(8);
    let padded = format!("changeme{}", "0".repeat(32));
    let rotated = format!("{STRONG},short");
    let weak = ["short", "secret", &long_word, &padded, &rotated, &STRONG[..31]];
    for secret in weak {
        let flags = ["--jwt-secret", secret];
        assert!(refused(&flags, true).contains("too weak"), "{secret}");
        assert!(config(&flags).check(false).is_ok(), "{secret}");
    }
    // A key file beside it does not make the secret stronger: both verify.
    let both = ["--jwt-secret", "secret", "--jwt-public-key-file", "key.pem"];
    assert!(refused(&both, true).contains("too weak"));
    assert!(config(&["--jwt-secret", STRONG]).check(true).is_ok());
}

#[test]
fn production_refuses_the_name_login() {
    let flags = ["--jwt-secret", STRONG, "--dev-login"];
    assert!(config(&flags).check(false).is_ok());
    assert!(refused(&flags, true).contains("DEV_LOGIN"));
    let unsigned = ["--jwt-jwks-file", "keys.json", "--dev-login=true"];
    assert!(refused(&unsigned, false).contains("JWT_SECRET"));
}

#[test]
fn what_does_not_fit_together_is_named() {
    let with = |flags: &[&str]| refused(&[&["--jwt-secret", STRONG][..], flags].concat(), false);
    assert!(with(&["--cors-origin", "app.example"]).contains("CORS_ORIGIN"));
    assert!(with(&["--port", "3007"]).contains("ADMIN_PORT"));
    assert!(with(&["--edge-id", "a/b"]).contains("EDGE_ID"));
}

#[test]
fn numbers_out_of_range_are_refused() {
    for flags in [
        ["--ping-interval-ms", "0"],
        ["--max-payload-bytes", "10"],
        ["--rooms-per-connection", "0"],
        ["--jwt-leeway-seconds", "-1"],
        ["--port", "65536"],
        ["--rate-events-burst", "0"],
        ["--connections-per-minute", "1000001"],
        ["--trusted-proxies", "10.0.0.0/33"],
    ] {
        assert!(Cli::try_parse_from(["edge"].iter().chain(&flags)).is_err(), "{flags:?}");
    }
}

#[test]
fn proxies_are_a_list_and_rates_can_be_off() {
    let proxies = |list: &str| config(&["--trusted-proxies", list]).listen.trusted_proxies;
    assert!(proxies("").is_empty() && !proxies("10.0.0.0/8, 192.0.2.1,2001:db8::/32").is_empty());
    let off = config(&["--rate-events-per-second", "0", "--connections-per-minute", "0"]);
    assert_eq!((off.rates.rate_events_per_second, off.rates.connections_per_minute), (0, 0));
}

#[test]
fn secrets_are_printed_as_dots() {
    let printed = format!("{:?}", config(&["--jwt-secret", STRONG]));
    assert!(!printed.contains(STRONG) && printed.contains("••••••"), "{printed}");
}

#[test]
fn the_edge_has_a_name_of_its_own_unless_one_is_set() {
    let named = config(&["--edge-id", "edge-1"]);
    assert!(named.listen.edge_name().starts_with("edge-1-"), "an incarnation of it");
    assert_ne!(named.listen.edge_name(), named.listen.edge_name());
    for unnamed in [config(&[]), config(&["--edge-id", ""])] {
        let name = unnamed.listen.edge_name();
        assert!(
            config(&["--jwt-secret", STRONG, "--edge-id", &name]).check(true).is_ok(),
            "{name}"
        );
        assert_ne!(name, unnamed.listen.edge_name());
    }
}
