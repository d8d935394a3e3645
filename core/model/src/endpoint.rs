//! Where a machine's SSH server is reached from this computer in place of its address.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use vmkit_types::{Forward, Protocol, Reading, Unread};

/// The port of SSH in a guest.
const SSH: u16 = 22;

/// Where a machine's SSH server is reached from this computer in place of its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The address and the port.
    pub address: SocketAddr,
    /// How it leads to the machine.
    pub how: How,
    /// Who answered there.
    pub ssh: Reading<SshAnswer>,
}

/// How an endpoint leads to its machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum How {
    /// A port of this computer is forwarded to the port of SSH in the guest.
    Forwarded,
    /// The manager says that its SSH server is reached there.
    Manager,
}

/// What answered at an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshAnswer {
    /// How it went.
    pub outcome: SshOutcome,
    /// The round-trip time of the connection.
    pub rtt: Option<Duration>,
    /// The first line of the server, unescaped.
    pub banner: Option<String>,
}

/// How a connection to an SSH server went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SshOutcome {
    /// It sent its banner.
    Ready,
    /// It accepted the connection and sent no banner.
    NoBanner,
    /// It refused the connection.
    Refused,
    /// It did not answer in time.
    Timeout,
}

impl How {
    const ALL: [Self; 2] = [Self::Forwarded, Self::Manager];

    /// The word for it in documents.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Forwarded => "forwarded",
            Self::Manager => "manager",
        }
    }

    /// The one of this word, if it is one.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|how| how.code() == code)
    }
}

impl SshOutcome {
    const ALL: [Self; 4] = [Self::Ready, Self::NoBanner, Self::Refused, Self::Timeout];

    /// The word for it in documents.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::NoBanner => "no-banner",
            Self::Refused => "refused",
            Self::Timeout => "timeout",
        }
    }

    /// The one of this word, if it is one.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.code() == code)
    }
}

impl Endpoint {
    /// The endpoints of a machine: what its manager says, then the forwards that lead to the port of
    /// SSH. Only those on this computer's loopback: nothing else is known to lead to the machine and
    /// to nobody else.
    pub fn all(ssh: &Reading<SocketAddr>, forwards: &Reading<Vec<Forward>>) -> Vec<Self> {
        let of_manager = ssh.as_ref().known().map(|address| (*address, How::Manager));
        let forwards = forwards.as_ref().known().into_iter().flatten();
        let forwards = forwards
            .filter(|forward| forward.protocol == Protocol::Tcp && forward.guest_port == SSH)
            .map(|forward| (forward.listens, How::Forwarded));
        let mut endpoints: Vec<Self> = Vec::new();
        for (listens, how) in of_manager.into_iter().chain(forwards) {
            let address = SocketAddr::new(near(listens.ip()), listens.port());
            match endpoints.iter_mut().find(|other| other.address == address) {
                Some(known) if how == How::Forwarded => known.how = how,
                None if address.ip().is_loopback() && address.port() != 0 => {
                    let ssh = Reading::Unknown(Unread::NotTried);
                    endpoints.push(Self { address, how, ssh });
                }
                _ => {}
            }
        }
        endpoints
    }

    /// Where this computer reaches a TCP port of a guest whose SSH server is reached at this endpoint.
    pub(crate) fn to_port(
        port: u16,
        endpoint: SocketAddr,
        forwards: &Reading<Vec<Forward>>,
    ) -> Option<SocketAddr> {
        if port == SSH {
            return Some(endpoint);
        }
        let mut forwards = forwards.as_ref().known().into_iter().flatten();
        let forward = forwards.find(|it| it.protocol == Protocol::Tcp && it.guest_port == port)?;
        let address = SocketAddr::new(near(forward.listens.ip()), forward.listens.port());
        address.ip().is_loopback().then_some(address)
    }

    /// Whether an SSH server answered there.
    pub fn is_ready(&self) -> bool {
        self.ssh.as_ref().known().is_some_and(|answer| answer.outcome == SshOutcome::Ready)
    }
}

/// The address at which this computer reaches a listener of its own.
fn near(listens: IpAddr) -> IpAddr {
    match listens {
        IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_what_leads_to_ssh_from_this_computer_alone() {
        let rows: &[(Option<&str>, &[&str], &[&str])] = &[
            (None, &[], &[]),
            (None, &["tcp 127.0.0.1:2222 10.0.2.15:22"], &["127.0.0.1:2222 forwarded"]),
            (None, &["tcp 0.0.0.0:22220 -:22"], &["127.0.0.1:22220 forwarded"]),
            (None, &["tcp [::]:2222 -:22"], &["[::1]:2222 forwarded"]),
            (None, &["tcp 127.0.0.1:8080 -:80", "udp 127.0.0.1:2222 -:22"], &[]),
            (None, &["tcp 192.168.1.5:2222 -:22", "tcp 127.0.0.1:0 -:22"], &[]),
            (Some("127.0.0.1:60022"), &[], &["127.0.0.1:60022 manager"]),
            (
                Some("127.0.0.1:60022"),
                &["tcp 127.0.0.1:60022 -:22", "tcp 127.0.0.1:2 -:22"],
                &["127.0.0.1:60022 forwarded", "127.0.0.1:2 forwarded"],
            ),
            (Some("10.0.0.5:22"), &[], &[]),
        ];
        for (ssh, forwards, expected) in rows {
            let ssh = ssh.map_or(Reading::Absent, |text| Reading::Known(text.parse().unwrap()));
            let forwards = forwards.iter().map(|text| text.parse().unwrap()).collect();
            let found: Vec<String> = Endpoint::all(&ssh, &Reading::Known(forwards))
                .iter()
                .map(|endpoint| format!("{} {}", endpoint.address, endpoint.how.code()))
                .collect();
            assert_eq!(found, *expected, "{ssh:?}");
        }
    }
}
