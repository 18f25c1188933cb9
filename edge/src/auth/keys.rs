//! The keys that tokens are checked with: secrets, one PEM file, one JWKS file. Each key is bound
//! to one algorithm when it is read, so that a token cannot choose: a public RSA key can never be
//! taken for an HMAC secret.

use std::path::Path;

use anyhow::{Context, bail};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, Validation};
use serde::Deserialize;

use crate::config::Tokens;

/// Bytes of an uncompressed point on P-256, the curve of ES256.
const P256_POINT_BYTES: usize = 65;
/// Bytes of an Ed25519 public key.
const ED25519_BYTES: usize = 32;

/// One key and the one algorithm that it is for.
pub(super) struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    pub decoding: DecodingKey,
    /// Checks the signature only; the claims are checked by [`super::claims::Rules`].
    pub validation: Validation,
}

impl Key {
    fn new(id: Option<String>, algorithm: Algorithm, decoding: DecodingKey) -> Self {
        let mut validation = Validation::new(algorithm);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        Self { id, algorithm, decoding, validation }
    }

    /// Whether a token with this header may be checked with this key. A key without an id fits
    /// every id, and a token without an id is tried with every key.
    pub fn fits(&self, algorithm: Algorithm, id: Option<&str>) -> bool {
        let named = match (&self.id, id) {
            (Some(own), Some(wanted)) => own == wanted,
            _ => true,
        };
        self.algorithm == algorithm && named
    }
}

/// All keys of the settings.
pub(super) fn load(settings: &Tokens) -> anyhow::Result<Vec<Key>> {
    let secret = |secret: &str| {
        Key::new(None, Algorithm::HS256, DecodingKey::from_secret(secret.as_bytes()))
    };
    let mut keys: Vec<Key> = settings.secrets().map(secret).collect();
    if let Some(path) = settings.public_key_file() {
        let pem = read(path, "JWT_PUBLIC_KEY_FILE")?;
        keys.push(
            from_pem(&pem).with_context(|| format!("JWT_PUBLIC_KEY_FILE {}", path.display()))?,
        );
    }
    if let Some(path) = settings.jwks_file() {
        let set = read(path, "JWT_JWKS_FILE")?;
        keys.extend(from_jwks(&set).with_context(|| format!("JWT_JWKS_FILE {}", path.display()))?);
    }
    Ok(keys)
}

fn read(path: &Path, setting: &str) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{setting} {}", path.display()))
}

/// The key of a PEM file: RSA is for RS256, P-256 for ES256, Ed25519 for EdDSA.
pub(super) fn from_pem(pem: &str) -> anyhow::Result<Key> {
    if pem.contains("PRIVATE KEY") {
        bail!("holds a private key; give the public one, the edge only checks signatures");
    }
    if !pem.contains("PUBLIC KEY") {
        bail!("holds no public key in PEM form (-----BEGIN PUBLIC KEY-----)");
    }
    let bytes = pem.as_bytes();
    let decoding = DecodingKey::from_ec_pem(bytes)
        .or_else(|_| DecodingKey::from_ed_pem(bytes))
        .or_else(|_| DecodingKey::from_rsa_pem(bytes))
        .map_err(|_| anyhow::anyhow!("holds no RSA, EC or Ed25519 public key"))?;
    Ok(Key::new(None, algorithm_of(&decoding)?, decoding))
}

/// The usable keys of a JWKS document. What is not for signatures of a supported algorithm is
/// passed over, as identity providers publish several kinds in one set.
pub(super) fn from_jwks(text: &str) -> anyhow::Result<Vec<Key>> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<serde_json::Value>,
    }
    let set: Set = serde_json::from_str(text).context("is no JWKS document")?;
    let keys: Vec<Key> = set
        .keys
        .into_iter()
        .filter_map(|value| serde_json::from_value::<Jwk>(value).ok())
        .filter_map(|jwk| from_jwk(&jwk))
        .collect();
    if keys.is_empty() {
        bail!("holds no RSA, P-256 or Ed25519 key for signatures");
    }
    Ok(keys)
}

fn from_jwk(jwk: &Jwk) -> Option<Key> {
    let supported = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => true,
        AlgorithmParameters::EllipticCurve(key) => key.curve == EllipticCurve::P256,
        AlgorithmParameters::OctetKeyPair(key) => key.curve == EllipticCurve::Ed25519,
        // Unknown kinds; and symmetric keys, since a secret in a file of public keys is none.
        _ => false,
    };
    let signs =
        !matches!(&jwk.common.public_key_use, Some(kind) if *kind != PublicKeyUse::Signature);
    if !supported || !signs {
        return None;
    }
    let decoding = DecodingKey::from_jwk(jwk).ok()?;
    let algorithm = algorithm_of(&decoding).ok()?;
    let stated = jwk.common.key_algorithm;
    if stated.is_some_and(|stated| Algorithm::try_from(stated).ok() != Some(algorithm)) {
        return None;
    }
    Some(Key::new(jwk.common.key_id.clone(), algorithm, decoding))
}

fn algorithm_of(key: &DecodingKey) -> anyhow::Result<Algorithm> {
    // Components instead of bytes are how RSA keys come out of a JWKS.
    let length = key.try_get_as_bytes().map_or(0, <[u8]>::len);
    match key.family() {
        AlgorithmFamily::Rsa => Ok(Algorithm::RS256),
        AlgorithmFamily::Ec if length == P256_POINT_BYTES => Ok(Algorithm::ES256),
        AlgorithmFamily::Ed if length == ED25519_BYTES => Ok(Algorithm::EdDSA),
        _ => bail!("the key is of a curve that is not supported (P-256 and Ed25519 are)"),
    }
}
