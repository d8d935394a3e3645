//! A server's host key, and its signature over the exchange: RFC 4253 section 6.6, RFC 5656,
//! RFC 8332, RFC 8709.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
    VerificationAlgorithm,
};
use vmkit_types::HostKey;

use crate::message::Reader;

/// A signature algorithm.
pub(crate) struct Method {
    /// Name of the signature algorithm, which both sides agree on.
    pub(crate) name: &'static str,
    /// Name of the key.
    pub(crate) key: &'static str,
    kind: Kind,
}

enum Kind {
    Ed25519,
    Ecdsa { curve: &'static str, bytes: usize, verify: &'static dyn VerificationAlgorithm },
    Rsa(&'static RsaParameters),
}

/// The algorithms that can be verified, in OpenSSH's order of preference.
pub(crate) const METHODS: &[Method] = &[
    Method { name: "ssh-ed25519", key: "ssh-ed25519", kind: Kind::Ed25519 },
    Method {
        name: "ecdsa-sha2-nistp256",
        key: "ecdsa-sha2-nistp256",
        kind: Kind::Ecdsa { curve: "nistp256", bytes: 32, verify: &ECDSA_P256_SHA256_FIXED },
    },
    Method {
        name: "ecdsa-sha2-nistp384",
        key: "ecdsa-sha2-nistp384",
        kind: Kind::Ecdsa { curve: "nistp384", bytes: 48, verify: &ECDSA_P384_SHA384_FIXED },
    },
    Method { name: "rsa-sha2-512", key: "ssh-rsa", kind: Kind::Rsa(&RSA_PKCS1_2048_8192_SHA512) },
    Method { name: "rsa-sha2-256", key: "ssh-rsa", kind: Kind::Rsa(&RSA_PKCS1_2048_8192_SHA256) },
];

impl Method {
    /// The key, if its signature covers the message. `None`: it does not, or a part is malformed.
    pub(crate) fn verify(&self, key: &[u8], signature: &[u8], message: &[u8]) -> Option<HostKey> {
        let mut fields = Reader::new(key);
        let mut signed = Reader::new(signature);
        let named = fields.text()? == self.key && signed.text()? == self.name;
        let value = signed.string().filter(|_| named)?;
        signed.end()?;
        match &self.kind {
            Kind::Ed25519 => {
                let public = fields.string()?;
                UnparsedPublicKey::new(&ED25519, public).verify(message, value).ok()?;
            }
            Kind::Ecdsa { curve, bytes, verify } => {
                let public = (fields.text()? == *curve).then(|| fields.string())??;
                let value = fixed(value, *bytes)?;
                UnparsedPublicKey::new(*verify, public).verify(message, &value).ok()?;
            }
            Kind::Rsa(parameters) => {
                let (e, n) = (fields.positive()?, fields.positive()?);
                RsaPublicKeyComponents { n, e }.verify(parameters, message, value).ok()?;
            }
        }
        fields.end()?;
        HostKey::new(self.key, &STANDARD.encode(key)).ok()
    }
}

/// Both numbers of an elliptic-curve signature, each with this many bytes.
fn fixed(signature: &[u8], bytes: usize) -> Option<Vec<u8>> {
    let mut fields = Reader::new(signature);
    let numbers = [fields.positive()?, fields.positive()?];
    fields.end()?;
    let mut both = Vec::with_capacity(2 * bytes);
    for number in numbers {
        both.resize(both.len() + bytes.checked_sub(number.len())?, 0);
        both.extend_from_slice(number);
    }
    Some(both)
}
