//! Renewing the TLS key (PROTOCOL §13, DESIGN §5): a new key, a certificate for it over EST, and the old one kept until
//! the new one has worked.

use muster_protocol::reason::Reason;

use crate::agent::{Agent, AgentError};
use crate::link::Purpose;
use crate::net::NetError;
use crate::net::certificate::{CertificateFacts, Subject, request};
use crate::net::{api, est};
use crate::state::credentials::{TlsIdentity, TlsKeys, new_key};
use crate::turn::Live;

impl Live {
    /// Renews from two thirds of the certificate's life on. A failure is tried again at the next check-in.
    pub(crate) async fn renew_if_due(&mut self, agent: &mut Agent) {
        let due = self
            .facts()
            .is_ok_and(|facts| self.core.reading(agent.clock()).now().0 >= facts.renew_from());
        if due && let Err(error) = self.renew(agent).await {
            tracing::warn!(%error, "the certificate could not be renewed yet");
        }
    }

    /// Renews now.
    ///
    /// # Errors
    /// When no certificate was issued, it is not the right one (A104), or the server does not take it: the old one
    /// stays.
    pub(crate) async fn renew(&mut self, agent: &mut Agent) -> Result<(), AgentError> {
        let facts = self.facts()?;
        let key = new_key(&agent.system);
        let enrolment = self.core.state().enrolment;
        let request = request(&key, &enrolment, &Subject::Renewal(&facts))?;
        let clock = agent.clock();
        let client = agent
            .link
            .client(Purpose::Errand, &mut self.core, &self.tls.current, clock)
            .await?;
        let issued = est::simple_reenrol(client, &request).await?;
        let first = issued.first().cloned().unwrap_or_default();
        let checked = own_certificate(issued, |certificate| {
            CertificateFacts::check(certificate, &key, &enrolment, Some(&facts.device)).map(drop)
        });
        if checked.is_err() {
            // A server that issues this for that is broken or taken over: somebody should be able to see it.
            self.core
                .state_mut()
                .keep_evidence(Reason::CertificateMismatch, &first);
        }
        let certificate = checked?;
        self.tls = TlsKeys {
            previous: Some(self.tls.current.clone()),
            current: TlsIdentity::new(key, certificate),
        };
        self.keys(agent).store_tls(&self.tls)?;
        self.prove(agent).await
    }

    /// One small request with the new certificate, to the server that issued it: the connection kept is to that one, and is
    /// opened anew for the new certificate. Where nobody can be reached, both are kept and the next check-in tells.
    async fn prove(&mut self, agent: &mut Agent) -> Result<(), AgentError> {
        let clock = agent.clock();
        let tried = match agent
            .link
            .client(Purpose::Errand, &mut self.core, &self.tls.current, clock)
            .await
        {
            Ok(client) => api::wake(client, 1).await,
            Err(error) => Err(error),
        };
        match tried {
            Ok(_) => {
                self.tls.previous = None;
                self.keys(agent).store_tls(&self.tls)?;
                Ok(())
            }
            Err(error @ (NetError::Refused { status: 403, .. } | NetError::Handshake { .. })) => {
                self.take_previous_back(agent)?;
                Err(error.into())
            }
            Err(_) => Ok(()),
        }
    }

    fn facts(&self) -> Result<CertificateFacts, NetError> {
        let state = self.core.state();
        let identity = &self.tls.current;
        CertificateFacts::check(
            &identity.certificate,
            identity.signer(),
            &state.enrolment,
            Some(&state.device),
        )
    }
}

/// The first certificate of an EST answer that passes `check`.
///
/// # Errors
/// The check's last complaint, when none does.
pub(crate) fn own_certificate(
    issued: Vec<Vec<u8>>,
    check: impl Fn(&[u8]) -> Result<(), NetError>,
) -> Result<Vec<u8>, NetError> {
    let mut complaint = NetError::CertificateMismatch("the answer holds no certificate");
    for certificate in issued {
        match check(&certificate) {
            Ok(()) => return Ok(certificate),
            Err(error) => complaint = error,
        }
    }
    Err(complaint)
}
