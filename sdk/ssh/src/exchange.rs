//! The key exchange up to the server's proof: RFC 4253 sections 7 and 8, RFC 5656, RFC 8731.

use ring::{
    agreement::{
        Algorithm, ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, X25519, agree_ephemeral,
    },
    digest::{SHA256, digest},
    rand::{SecureRandom as _, SystemRandom},
};
use vmkit_types::{HostKey, bounded, escaped};

use crate::{
    identification::{Verdict, judge},
    message::{Reader, put_positive, put_string},
    packet::{self, Packet},
    proof::{METHODS, Method},
};

/// Most bytes that a server may send up to its proof. Today's servers send some 3 KiB: greeting lines,
/// lists of algorithms and the key.
const RECEIVED_LIMIT: usize = 64 * 1024;

/// The identification of this side, without the line break.
const IDENTIFICATION: &str = "SSH-2.0-vmkit";

/// Key exchange methods that OpenSSH has had since 2011 and dropbear since 2013; both hash with
/// SHA-256.
const AGREEMENTS: &[(&str, &Algorithm)] = &[
    ("curve25519-sha256", &X25519),
    ("curve25519-sha256@libssh.org", &X25519),
    ("ecdh-sha2-nistp256", &ECDH_P256),
];
/// Algorithms for after the exchange. The protocol demands an offer, but the connection ends before.
const CIPHERS: &str = "aes128-ctr,aes256-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com,\
                       chacha20-poly1305@openssh.com";
const MACS: &str = "hmac-sha2-256,hmac-sha2-512,hmac-sha2-256-etm@openssh.com,\
                    hmac-sha2-512-etm@openssh.com,hmac-sha1";

mod number {
    pub(super) const DISCONNECT: u8 = 1;
    pub(super) const KEXINIT: u8 = 20;
    pub(super) const ECDH_INIT: u8 = 30;
    pub(super) const ECDH_REPLY: u8 = 31;
}

/// `SSH_DISCONNECT_BY_APPLICATION`.
const BY_APPLICATION: u32 = 11;
/// Bytes of a cookie.
const COOKIE: usize = 16;

/// Why a server did not prove a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeError {
    /// The first line, cut and escaped.
    #[error("it says \"{0}\", which is not SSH")]
    NotSsh(String),
    /// The server sent more than any server sends up to its proof.
    #[error("it sent more than {RECEIVED_LIMIT} bytes and no proof")]
    TooLong,
    /// What was malformed.
    #[error("{0} is malformed")]
    Malformed(&'static str),
    /// The kind of algorithm without a common one, and what the server offers, cut and escaped.
    #[error("it knows no {0} that vmkit does, but {1}")]
    NothingInCommon(&'static str, String),
    /// The server ended the connection by a message: its reason, cut and escaped.
    #[error("it ended the exchange: {0}")]
    Disconnected(String),
    /// The server's signature does not fit the key that it shows.
    #[error("its signature does not fit the key that it shows")]
    NotProven,
    /// The operating system gave no random numbers.
    #[error("this computer gives no random numbers")]
    NoRandom,
}

/// One exchange with one server. Give it what the server sends, and send what it returns.
pub struct Exchange {
    random: SystemRandom,
    received: Vec<u8>,
    taken: usize,
    to_send: Vec<u8>,
    own_init: Vec<u8>,
    stage: Stage,
}

enum Stage {
    Identification,
    Lists { server: String },
    Reply(Box<Agreed>),
    Over,
}

/// What both sides agreed on.
struct Agreed {
    server: String,
    server_init: Vec<u8>,
    method: &'static Method,
    algorithm: &'static Algorithm,
    private: EphemeralPrivateKey,
    public: Vec<u8>,
}

impl Exchange {
    /// An exchange that prefers keys of these algorithms, such as `ssh-ed25519`, and accepts any
    /// other.
    ///
    /// # Errors
    /// There are no random numbers.
    pub fn new(preferred: &[&str]) -> Result<Self, ExchangeError> {
        let random = SystemRandom::new();
        let mut cookie = [0; COOKIE];
        random.fill(&mut cookie).map_err(|_| ExchangeError::NoRandom)?;
        let own_init = own_lists(cookie, &offered(preferred));
        let mut to_send = format!("{IDENTIFICATION}\r\n").into_bytes();
        to_send.extend(packet::wrap(&own_init));
        let (received, taken, stage) = (Vec::new(), 0, Stage::Identification);
        Ok(Self { random, received, taken, to_send, own_init, stage })
    }

    /// The bytes to send now; empty if it is the server's turn.
    pub fn take_to_send(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.to_send)
    }

    /// The server's identification, once it arrived.
    pub fn server(&self) -> Option<&str> {
        match &self.stage {
            Stage::Identification | Stage::Over => None,
            Stage::Lists { server } => Some(server),
            Stage::Reply(agreed) => Some(&agreed.server),
        }
    }

    /// Takes what the server has sent, and returns the key once it is proven. After that, one message
    /// remains to send: it ends the connection.
    ///
    /// # Errors
    /// The exchange failed.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<Option<HostKey>, ExchangeError> {
        if self.received.len() + bytes.len() > RECEIVED_LIMIT {
            return Err(ExchangeError::TooLong);
        }
        self.received.extend_from_slice(bytes);
        if let Stage::Identification = self.stage {
            match judge(&self.received) {
                Verdict::More => return Ok(None),
                Verdict::NotSsh(line) => return Err(ExchangeError::NotSsh(quoted(line))),
                Verdict::Ssh { line, end } => {
                    self.stage = Stage::Lists { server: line.to_owned() };
                    self.taken = end;
                }
            }
        }
        loop {
            let message = match packet::unwrap(&self.received[self.taken..]) {
                Packet::Partial => return Ok(None),
                Packet::Malformed => return Err(ExchangeError::Malformed("its packet")),
                Packet::Whole(message, length) => {
                    self.taken += length;
                    message
                }
            };
            if let Some(key) = self.handle(&message)? {
                return Ok(Some(key));
            }
        }
    }

    fn handle(&mut self, message: &[u8]) -> Result<Option<HostKey>, ExchangeError> {
        let (&first, rest) = message.split_first().ok_or(ExchangeError::Malformed("its packet"))?;
        if first == number::DISCONNECT {
            let mut fields = Reader::new(rest);
            let reason = fields.number().and_then(|_| fields.string()).unwrap_or_default();
            return Err(ExchangeError::Disconnected(quoted(reason)));
        }
        match (std::mem::replace(&mut self.stage, Stage::Over), first) {
            (Stage::Lists { server }, number::KEXINIT) => {
                let agreed = self.agree(server, message)?;
                let mut init = vec![number::ECDH_INIT];
                put_string(&mut init, &agreed.public);
                self.to_send.extend(packet::wrap(&init));
                self.stage = Stage::Reply(Box::new(agreed));
                Ok(None)
            }
            (Stage::Reply(agreed), number::ECDH_REPLY) => {
                let key = self.prove(*agreed, rest)?;
                self.to_send.extend(packet::wrap(&disconnect()));
                Ok(Some(key))
            }
            // Messages to ignore, debugging, extensions, a wrong guess: they change nothing.
            (stage, _) => {
                self.stage = stage;
                Ok(None)
            }
        }
    }

    fn agree(&self, server: String, init: &[u8]) -> Result<Agreed, ExchangeError> {
        let mut fields = Reader::new(&init[1..]);
        let lists = fields.take(COOKIE).and_then(|_| fields.text().zip(fields.text()));
        let (agreements, keys) = lists.ok_or(ExchangeError::Malformed("its list of algorithms"))?;
        let offers = |list: &str, name: &str| list.split(',').any(|offered| offered == name);
        let nothing =
            |what, list: &str| Err(ExchangeError::NothingInCommon(what, quoted(list.as_bytes())));
        let agreement = AGREEMENTS.iter().find(|(name, _)| offers(agreements, name));
        let Some((_, algorithm)) = agreement else {
            return nothing("key exchange", agreements);
        };
        let mut own = Reader::new(&self.own_init[1 + COOKIE..]);
        let own = own.text().and_then(|_| own.text()).unwrap_or_default();
        let name = own.split(',').find(|name| offers(keys, name));
        let method = name.and_then(|name| METHODS.iter().find(|method| method.name == name));
        let Some(method) = method else { return nothing("kind of host key", keys) };
        let private = EphemeralPrivateKey::generate(algorithm, &self.random);
        let private = private.map_err(|_| ExchangeError::NoRandom)?;
        let public = private.compute_public_key().map_err(|_| ExchangeError::NoRandom)?;
        let (public, server_init) = (public.as_ref().to_vec(), init.to_vec());
        Ok(Agreed { server, server_init, method, algorithm, private, public })
    }

    /// The server's key, if its signature covers all messages so far.
    fn prove(&self, agreed: Agreed, reply: &[u8]) -> Result<HostKey, ExchangeError> {
        let mut fields = Reader::new(reply);
        let (Some(key), Some(public), Some(signature)) =
            (fields.string(), fields.string(), fields.string())
        else {
            return Err(ExchangeError::Malformed("its proof"));
        };
        let Agreed { server, server_init, method, algorithm, private, public: own_public } = agreed;
        let mut said = Vec::new();
        let parts = [IDENTIFICATION.as_bytes(), server.as_bytes(), &self.own_init, &server_init];
        for part in parts.into_iter().chain([key, &own_public, public]) {
            put_string(&mut said, part);
        }
        let theirs = UnparsedPublicKey::new(algorithm, public);
        agree_ephemeral(private, &theirs, |secret| put_positive(&mut said, secret))
            .map_err(|_| ExchangeError::Malformed("its half of the secret"))?;
        let hash = digest(&SHA256, &said);
        method.verify(key, signature, hash.as_ref()).ok_or(ExchangeError::NotProven)
    }
}

/// The signature algorithms to offer, those of the preferred keys first.
fn offered(preferred: &[&str]) -> String {
    let (mut first, then): (Vec<&Method>, Vec<&Method>) =
        METHODS.iter().partition(|method| preferred.contains(&method.key));
    first.extend(then);
    first.iter().map(|method| method.name).collect::<Vec<_>>().join(",")
}

fn own_lists(cookie: [u8; COOKIE], keys: &str) -> Vec<u8> {
    let agreements: Vec<&str> = AGREEMENTS.iter().map(|(name, _)| *name).collect();
    let mut lists = vec![number::KEXINIT];
    lists.extend_from_slice(&cookie);
    let both_ways = [CIPHERS, CIPHERS, MACS, MACS, "none", "none", "", ""];
    for list in [agreements.join(",").as_str(), keys].into_iter().chain(both_ways) {
        put_string(&mut lists, list.as_bytes());
    }
    // No guessed packet follows; four bytes are reserved.
    lists.extend_from_slice(&[0; 5]);
    lists
}

fn disconnect() -> Vec<u8> {
    let mut message = vec![number::DISCONNECT];
    message.extend_from_slice(&BY_APPLICATION.to_be_bytes());
    put_string(&mut message, b"looked at the host key");
    put_string(&mut message, b"");
    message
}

/// Longest part of a server's text that is quoted, in bytes.
const QUOTE_LIMIT: usize = 100;

fn quoted(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(4 * QUOTE_LIMIT)]);
    escaped(bounded(&text, QUOTE_LIMIT))
}
