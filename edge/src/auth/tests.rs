//! What tokens are taken and what is said of the others. Keys are made on the spot.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use clap::Parser;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::keys::{Key, from_jwks, from_pem};
use super::{Claims, Rejected, Signer, Verifier, claims};
use crate::config::Tokens;

/// The time at which all these tokens are checked.
const NOW_MS: u64 = 1_800_000_000_500;
const NOW: u64 = NOW_MS / 1000;
const SECRET: &str = "a first secret of thirty-two bytes";

#[derive(Parser)]
struct Settings {
    #[command(flatten)]
    tokens: Tokens,
}

fn settings(flags: &[&str]) -> Tokens {
    settings_with(SECRET, flags)
}

fn settings_with(secrets: &str, flags: &[&str]) -> Tokens {
    let begin = ["test", "--jwt-secret", secrets];
    Settings::parse_from(begin.iter().chain(flags)).tokens
}

fn verifier(flags: &[&str]) -> Verifier {
    Verifier::new(&settings(flags)).expect("keys")
}

fn with_keys(keys: Vec<Key>) -> Verifier {
    Verifier { keys, rules: claims::Rules::new(&settings(&[])) }
}

fn sign(algorithm: Algorithm, key: &EncodingKey, claims: &Value) -> String {
    encode(&Header::new(algorithm), claims, key).expect("a token")
}

fn signed_with(secret: &str, claims: &Value) -> String {
    sign(Algorithm::HS256, &EncodingKey::from_secret(secret.as_bytes()), claims)
}

fn alice() -> Value {
    json!({ "sub": "alice", "exp": NOW + 60 })
}

/// `alice()` with these claims set; `null` stands for itself.
fn alice_with(claims: Value) -> Value {
    let mut all = alice();
    for (name, value) in claims.as_object().expect("an object") {
        all[name] = value.clone();
    }
    all
}

fn check(claims: &Value) -> Result<Claims, Rejected> {
    verifier(&[]).verify_at(Some(&signed_with(SECRET, claims)), NOW_MS)
}

#[track_caller]
fn is_invalid(claims: &Value) {
    let answer = check(claims);
    assert!(matches!(answer, Err(Rejected::Invalid(_))), "{claims}: {answer:?}");
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).expect("base64 is ASCII"))
        .collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// A key pair: what signs, and the public half as a PEM file holds it.
struct Pair {
    algorithm: Algorithm,
    signing: EncodingKey,
    public_pem: String,
}

impl Pair {
    fn rsa() -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
        let private: aws_lc_rs::encoding::Pkcs8V1Der = pair.as_der().expect("DER");
        let public: PublicKeyX509Der = pair.public_key().as_der().expect("DER");
        let signing = pem("PRIVATE KEY", private.as_ref());
        Self {
            algorithm: Algorithm::RS256,
            signing: EncodingKey::from_rsa_pem(signing.as_bytes()).expect("a key"),
            public_pem: pem("PUBLIC KEY", public.as_ref()),
        }
    }

    fn p256() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
        let private = pair.to_pkcs8v1().expect("DER");
        let public: PublicKeyX509Der = pair.public_key().as_der().expect("DER");
        Self {
            algorithm: Algorithm::ES256,
            signing: EncodingKey::from_ec_der(private.as_ref()),
            public_pem: pem("PUBLIC KEY", public.as_ref()),
        }
    }

    fn ed25519() -> Self {
        let pair = Ed25519KeyPair::generate().expect("a key");
        let private = pair.to_pkcs8().expect("DER");
        let public: PublicKeyX509Der = pair.public_key().as_der().expect("DER");
        Self {
            algorithm: Algorithm::EdDSA,
            signing: EncodingKey::from_ed_der(private.as_ref()),
            public_pem: pem("PUBLIC KEY", public.as_ref()),
        }
    }

    fn token(&self) -> String {
        sign(self.algorithm, &self.signing, &alice())
    }

    fn jwk(&self, id: &str) -> Value {
        let mut jwk = Jwk::from_encoding_key(&self.signing, self.algorithm).expect("a JWK");
        jwk.common.key_id = Some(id.to_owned());
        serde_json::to_value(jwk).expect("JSON")
    }

    fn token_with_id(&self, id: &str) -> String {
        let mut header = Header::new(self.algorithm);
        header.kid = Some(id.to_owned());
        encode(&header, &alice(), &self.signing).expect("a token")
    }
}

#[test]
fn a_good_token_tells_user_name_roles_and_end() {
    let claims = alice_with(json!({ "name": "Alice", "roles": ["admin", "student"] }));
    let expected = Claims {
        user: "alice".parse().expect("a user id"),
        name: "Alice".to_owned(),
        roles: vec!["admin".to_owned(), "student".to_owned()],
        expires_at_ms: (NOW + 60) * 1000,
    };
    assert_eq!(check(&claims), Ok(expected));
}

#[test]
fn no_token_and_an_empty_one_are_missing() {
    assert_eq!(verifier(&[]).verify(None), Err(Rejected::Missing));
    assert_eq!(verifier(&[]).verify(Some("")), Err(Rejected::Missing));
    assert_eq!(Rejected::Missing.code(), "missing-token");
}

#[test]
fn what_is_no_token_is_invalid() {
    let long = "x".repeat(super::TOKEN_BYTES_MAX + 1);
    for text in ["x", "a.b.c", "..", "e30.e30.", "\u{0}", long.as_str()] {
        let answer = verifier(&[]).verify(Some(text));
        assert!(matches!(answer, Err(Rejected::Invalid(_))), "{text:?}");
    }
}

#[test]
fn a_token_counts_as_expired_when_the_leeway_is_over_too() {
    let expired = |exp: Value| check(&alice_with(json!({ "exp": exp })));
    assert_eq!(expired(json!(NOW - 6)), Err(Rejected::Expired));
    assert_eq!(expired(json!(NOW - 5)), Err(Rejected::Expired));
    // Within the leeway it is taken, and ends when it says.
    assert_eq!(expired(json!(NOW - 4)).map(|claims| claims.expires_at_ms), Ok((NOW - 4) * 1000));
    assert_eq!(expired(json!(-1)), Err(Rejected::Expired));
}

#[test]
fn exp_is_needed_and_may_have_a_fraction() {
    is_invalid(&json!({ "sub": "alice" }));
    is_invalid(&alice_with(json!({ "exp": null })));
    is_invalid(&alice_with(json!({ "exp": (NOW + 60).to_string() })));
    let end = |exp: Value| check(&alice_with(json!({ "exp": exp }))).map(|c| c.expires_at_ms);
    assert_eq!(end(json!(1_800_000_060.25)), Ok(1_800_000_060_250));
    // Far ahead, in milliseconds by mistake, or beyond any calendar: the end of the year 9999.
    assert_eq!(end(json!(NOW_MS + 60_000)), Ok(253_402_300_799_999));
    assert_eq!(end(json!(1e300)), Ok(253_402_300_799_999));
}

#[test]
fn nbf_is_kept_with_the_same_leeway() {
    is_invalid(&alice_with(json!({ "nbf": NOW + 6 })));
    is_invalid(&alice_with(json!({ "nbf": "soon" })));
    assert!(check(&alice_with(json!({ "nbf": NOW + 5 }))).is_ok());
    assert!(check(&alice_with(json!({ "nbf": null }))).is_ok());
}

#[test]
fn only_the_known_secrets_verify_and_the_first_one_signs() {
    let rotated = format!("a newer secret of thirty-two bytes,{SECRET}");
    let rotated = settings_with(&rotated, &[]);
    let verifier = Verifier::new(&rotated).expect("keys");
    assert!(verifier.verify_at(Some(&signed_with(SECRET, &alice())), NOW_MS).is_ok());

    let claims = check(&alice()).expect("a good token");
    let token = Signer::new(&rotated).expect("a secret").sign(&claims).expect("a token");
    assert_eq!(verifier.verify_at(Some(&token), NOW_MS), Ok(claims));
    let old = self::verifier(&[]).verify_at(Some(&token), NOW_MS);
    assert!(matches!(old, Err(Rejected::Invalid(_))));
}

#[test]
fn a_token_without_a_signature_is_invalid() {
    let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
    let claims = part(&alice().to_string());
    for algorithm in ["none", "None", "NONE", "nOnE", "HS256"] {
        let header = part(&format!(r#"{{"typ":"JWT","alg":"{algorithm}"}}"#));
        let answer = verifier(&[]).verify_at(Some(&format!("{header}.{claims}.")), NOW_MS);
        assert!(matches!(answer, Err(Rejected::Invalid(_))), "{algorithm}");
    }
}

#[test]
fn an_algorithm_that_the_key_is_not_for_is_invalid() {
    let secret = EncodingKey::from_secret(SECRET.as_bytes());
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        let answer = verifier(&[]).verify_at(Some(&sign(algorithm, &secret, &alice())), NOW_MS);
        assert!(matches!(answer, Err(Rejected::Invalid(_))), "{algorithm:?}");
    }
    let rsa = Pair::rsa();
    let verifier = with_keys(vec![from_pem(&rsa.public_pem).expect("a key")]);
    for algorithm in [Algorithm::RS512, Algorithm::PS256] {
        let token = sign(algorithm, &rsa.signing, &alice());
        let answer = verifier.verify_at(Some(&token), NOW_MS);
        assert!(matches!(answer, Err(Rejected::Invalid(_))), "{algorithm:?}");
    }
}

#[test]
fn a_public_key_is_never_taken_for_a_secret() {
    let rsa = Pair::rsa();
    let verifier = with_keys(vec![from_pem(&rsa.public_pem).expect("a key")]);
    let trimmed = rsa.public_pem.trim_end();
    for secret in [rsa.public_pem.as_str(), trimmed] {
        let answer = verifier.verify_at(Some(&signed_with(secret, &alice())), NOW_MS);
        assert!(matches!(answer, Err(Rejected::Invalid(_))));
    }
    assert!(verifier.verify_at(Some(&rsa.token()), NOW_MS).is_ok());
}

#[test]
fn each_kind_of_public_key_verifies_its_own_tokens_only() {
    let pairs = [Pair::rsa(), Pair::p256(), Pair::ed25519()];
    for (at, own) in pairs.iter().enumerate() {
        let verifier = with_keys(vec![from_pem(&own.public_pem).expect("a key")]);
        for (from, other) in pairs.iter().enumerate() {
            let answer = verifier.verify_at(Some(&other.token()), NOW_MS);
            assert_eq!(answer.is_ok(), at == from, "{:?}: {answer:?}", other.algorithm);
        }
    }
}

#[test]
fn a_key_file_that_cannot_be_used_is_refused_with_a_reason() {
    let refused = |pem: &str| from_pem(pem).err().expect("refused").to_string();
    assert!(refused("").contains("no public key"));
    assert!(refused(&pem("PRIVATE KEY", b"x")).contains("private key"));
    assert!(refused(&pem("PUBLIC KEY", b"x")).contains("no RSA, EC or Ed25519"));
    let p384 = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).expect("a key");
    let p384: PublicKeyX509Der = p384.public_key().as_der().expect("DER");
    assert!(refused(&pem("PUBLIC KEY", p384.as_ref())).contains("curve"));
    let error = Verifier::new(&settings(&["--jwt-public-key-file", "/nowhere/key.pem"]))
        .err()
        .expect("refused");
    assert!(format!("{error:#}").contains("JWT_PUBLIC_KEY_FILE /nowhere/key.pem"), "{error:#}");
}

#[test]
fn a_key_set_is_searched_by_id_and_what_is_unknown_in_it_is_passed_over() {
    let (rsa, p256, stranger) = (Pair::rsa(), Pair::p256(), Pair::p256());
    let mut encryption = rsa.jwk("for-encryption");
    encryption["use"] = json!("enc");
    let mut other = p256.jwk("other-algorithm");
    other["alg"] = json!("ES384");
    let set = json!({ "keys": [
        { "kty": "AKP", "kid": "post-quantum", "alg": "ML-DSA-44", "pub": "AAAA" },
        { "kty": "oct", "kid": "secret", "k": URL_SAFE_NO_PAD.encode(SECRET) },
        { "kty": "EC", "kid": "broken" },
        encryption, other, rsa.jwk("one"), p256.jwk("two"),
    ]});
    let keys = from_jwks(&set.to_string()).expect("keys");
    assert_eq!(keys.len(), 2);
    let verifier = with_keys(keys);
    let taken = |token: String| verifier.verify_at(Some(&token), NOW_MS).is_ok();
    assert!(taken(rsa.token_with_id("one")));
    assert!(taken(p256.token_with_id("two")));
    assert!(taken(p256.token()));
    assert!(!taken(p256.token_with_id("one")));
    assert!(!taken(p256.token_with_id("three")));
    assert!(!taken(stranger.token_with_id("two")));
    assert!(!taken(signed_with(SECRET, &alice())));
}

#[test]
fn a_key_set_without_a_usable_key_is_refused() {
    for set in ["", "[]", r#"{"keys":[]}"#, r#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#] {
        assert!(from_jwks(set).is_err(), "{set}");
    }
}

#[test]
fn a_token_with_critical_extensions_is_invalid() {
    let mut header = Header::new(Algorithm::HS256);
    header.crit = Some(vec!["b64".to_owned()]);
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let token = encode(&header, &alice(), &key).expect("a token");
    let answer = verifier(&[]).verify_at(Some(&token), NOW_MS);
    assert!(matches!(answer, Err(Rejected::Invalid(_))));
}

#[test]
fn sub_must_be_a_user_id() {
    is_invalid(&json!({ "exp": NOW + 60 }));
    for sub in [json!(7), json!(null), json!(""), json!("a b"), json!("é"), json!("a\u{0}")] {
        is_invalid(&alice_with(json!({ "sub": sub })));
    }
    is_invalid(&alice_with(json!({ "sub": "{p1}" })));
    is_invalid(&alice_with(json!({ "sub": "x".repeat(129) })));
    assert!(check(&alice_with(json!({ "sub": "auth0|a+b=c/d.e_f:g@h-i" }))).is_ok());
}

#[test]
fn a_name_is_composed_and_may_not_deceive() {
    let name = |name: Value| check(&alice_with(json!({ "name": name }))).map(|c| c.name);
    assert_eq!(name(json!("Zoe\u{308}")), Ok("Zo\u{eb}".to_owned()));
    for blank in [json!(null), json!(""), json!("  ")] {
        assert_eq!(name(blank), Ok("alice".to_owned()));
    }
    for bad in ["a\u{202e}b", "a\u{2066}b", "a\nb", "a\u{0}", "a\u{2028}b"] {
        is_invalid(&alice_with(json!({ "name": bad })));
    }
    is_invalid(&alice_with(json!({ "name": "x".repeat(201) })));
    is_invalid(&alice_with(json!({ "name": 7 })));
}

#[test]
fn roles_and_role_are_taken_together() {
    let roles = |claims: Value| check(&alice_with(claims)).map(|c| c.roles.join(","));
    assert_eq!(roles(json!({})), Ok(String::new()));
    assert_eq!(roles(json!({ "role": "admin" })), Ok("admin".to_owned()));
    assert_eq!(roles(json!({ "roles": ["a", "b"], "role": "a" })), Ok("a,b".to_owned()));
    assert_eq!(roles(json!({ "roles": null, "role": null })), Ok(String::new()));
    // What could stand for two roles in a list is none.
    let odd = json!(["x,admin", "Team Lead", "", "y".repeat(65), "fine"]);
    assert_eq!(roles(json!({ "roles": odd })), Ok("fine".to_owned()));
}

#[test]
fn roles_of_a_wrong_type_are_invalid() {
    for roles in [json!("admin"), json!([1]), json!(["a", null]), json!([["a"]]), json!({})] {
        is_invalid(&alice_with(json!({ "roles": roles })));
    }
    is_invalid(&alice_with(json!({ "role": ["admin"] })));
    let many: Vec<String> = (0..65).map(|n| format!("role-{n}")).collect();
    is_invalid(&alice_with(json!({ "roles": many })));
}

#[test]
fn issuer_and_audience_count_only_where_they_are_set() {
    let open = |claims: Value| check(&alice_with(claims)).is_ok();
    assert!(open(json!({ "iss": "anyone", "aud": ["anything"] })));

    let verifier = verifier(&["--jwt-issuer", "https://id.example", "--jwt-audience", "rt, web"]);
    let taken = |claims: Value| {
        verifier.verify_at(Some(&signed_with(SECRET, &alice_with(claims))), NOW_MS).is_ok()
    };
    assert!(taken(json!({ "iss": "https://id.example", "aud": "rt" })));
    assert!(taken(json!({ "iss": "https://id.example", "aud": ["other", "web"] })));
    assert!(!taken(json!({ "iss": "https://id.example" })));
    assert!(!taken(json!({ "aud": "rt" })));
    assert!(!taken(json!({ "iss": "https://evil.example", "aud": "rt" })));
    assert!(!taken(json!({ "iss": "https://id.example", "aud": ["other"] })));
    assert!(!taken(json!({ "iss": 7, "aud": 7 })));
}
