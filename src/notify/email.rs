//! Mail over SMTP (RFC 5321, RFC 3207 for STARTTLS, RFC 4954 for the login). Where TLS is asked for, nothing is said
//! without it. One connection a message: mail is rare here.

use super::{Again, Failure, Message, cut, without};
use crate::{
    config::{MailTls, secret::Secret},
    domain::text::Text,
    transport::sign::base64,
};
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::{
        self,
        authentication::{Credentials, Mechanism},
        client::{Certificate, Tls, TlsParameters},
        extension::ClientId,
    },
};
use std::{error::Error as _, fmt, io, time::Duration};

/// Until an answer of the server is there.
const TIMEOUT: Duration = Duration::from_secs(10);
/// When a server that says "later" is asked again.
const LATER_MS: u64 = 30_000;
const SUBJECT_CHARS_MAX: usize = 150;

/// Where mail goes.
#[derive(Debug, Clone)]
pub struct Server<'a> {
    /// Its name.
    pub host: &'a str,
    /// Its port.
    pub port: u16,
    /// How it is protected.
    pub tls: MailTls,
    /// Who logs in.
    pub user: Option<&'a str>,
    /// With this.
    pub password: Option<&'a Secret>,
    /// Certificates that are believed beside the system's, in PEM.
    pub certificate: Option<&'a [u8]>,
}

/// One server, and who is told.
pub struct Email {
    smtp: AsyncSmtpTransport<Tokio1Executor>,
    host: String,
    from: Address,
    to: Vec<Address>,
    secrets: Vec<Secret>,
}

/// Neither the login nor who gets it.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Email({})", self.host)
    }
}

impl Email {
    /// With who writes and who reads.
    ///
    /// # Errors
    /// An address, a certificate or a login that can't be used.
    pub fn new(server: &Server<'_>, from: &str, to: &[String]) -> Result<Self, Text> {
        let address = |text: &str| {
            text.parse::<Address>().map_err(|_| Text::clean(&format!("`{text}` is no address of mail")))
        };
        let tls = match server.tls {
            MailTls::None => Tls::None,
            MailTls::Starttls => Tls::Required(parameters(server)?),
            MailTls::Implicit => Tls::Wrapper(parameters(server)?),
        };
        let mut smtp = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server.host)
            .port(server.port)
            .timeout(Some(TIMEOUT))
            // The name of this computer is nobody's business.
            .hello_name(ClientId::Domain("localhost".to_owned()))
            .tls(tls);
        let mut secrets = Vec::new();
        match (server.user, server.password) {
            (Some(user), Some(password)) => {
                let plain = format!("\0{user}\0{}", password.expose());
                secrets = vec![password.clone()];
                for form in [password.expose().as_bytes(), plain.as_bytes()] {
                    secrets.push(Secret::new(base64(form)));
                }
                smtp = smtp
                    .credentials(Credentials::new(user.to_owned(), password.expose().to_owned()))
                    .authentication(vec![Mechanism::Plain, Mechanism::Login]);
            }
            (Some(_), None) => return Err(Text::clean("it has a `user` and no password")),
            (None, _) => {}
        }
        Ok(Self {
            smtp: smtp.build(),
            host: server.host.to_owned(),
            from: address(from)?,
            to: to.iter().map(|t| address(t)).collect::<Result<_, _>>()?,
            secrets,
        })
    }

    /// Sends it once.
    ///
    /// # Errors
    /// It was not delivered.
    pub async fn send(&self, m: &Message) -> Result<(), Failure> {
        let mail = mail(&self.from, &self.to, m)
            .map_err(|why| Failure::new(&format!("the mail can't be written: {why}"), Again::Never))?;
        self.smtp.send(mail).await.map(drop).map_err(|why| {
            let said = cut(&without(&said(&why), &self.secrets), 200);
            Failure::new(&format!("{}: {said}", self.host), again(&why))
        })
    }
}

/// The error with its causes, each once.
fn said(why: &smtp::Error) -> String {
    let mut said = why.to_string();
    let mut cause = why.source();
    while let Some(next) = cause {
        let text = next.to_string();
        if !said.contains(&text) {
            said = format!("{said}: {text}");
        }
        cause = next.source();
    }
    said
}

fn again(why: &smtp::Error) -> Again {
    if why.is_permanent() || why.is_client() || why.is_tls() {
        return Again::Never;
    }
    if why.is_transient() {
        // Such as greylisting: the server wants it later.
        return Again::After(LATER_MS);
    }
    let mut cause = why.source();
    while let Some(next) = cause {
        if let Some(io) = next.downcast_ref::<io::Error>() {
            let is_away = matches!(
                io.kind(),
                io::ErrorKind::ConnectionRefused
                    | io::ErrorKind::HostUnreachable
                    | io::ErrorKind::NetworkUnreachable
                    | io::ErrorKind::AddrNotAvailable
            );
            return if is_away { Again::Soon } else { Again::Once };
        }
        cause = next.source();
    }
    Again::Once
}

fn parameters(server: &Server<'_>) -> Result<TlsParameters, Text> {
    let wrong = |why: String| Text::clean(&format!("its certificate can't be used: {why}"));
    let mut tls = TlsParameters::builder(server.host.to_owned());
    if let Some(pem) = server.certificate {
        tls = tls.add_root_certificate(Certificate::from_pem(pem).map_err(|e| wrong(e.to_string()))?);
    }
    tls.build_rustls().map_err(|e| wrong(e.to_string()))
}

/// The mail. A header has no line breaks of others: they are spaces in every text here, and once more.
fn mail(from: &Address, to: &[Address], m: &Message) -> Result<lettre::Message, lettre::error::Error> {
    let subject: String =
        format!("Tradedeck {}", m.title).chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut mail = lettre::Message::builder()
        .from(Mailbox::new(Some("Tradedeck".to_owned()), from.clone()))
        .subject(cut(&subject, SUBJECT_CHARS_MAX))
        .message_id(Some(format!("<{}@tradedeck.invalid>", m.id)))
        .header(ContentType::TEXT_PLAIN);
    for address in to {
        mail = mail.to(Mailbox::new(None, address.clone()));
    }
    mail.body(text(m))
}

fn text(m: &Message) -> String {
    let order = m.order.as_ref().map(|o| format!("order: {}\n", o.client));
    let account = m.account.as_ref().map(|a| format!("account: {a}\n"));
    format!("{}\n\n{}\n{}{}", m.body(), m.clock(), order.unwrap_or_default(), account.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::message::tests::notice;

    #[test]
    fn no_text_of_others_becomes_a_header() {
        let mut m = Message::of(&notice("x\r\nBcc: evil@example.com\r\n\r\n.\r\nQUIT"), false);
        m.title = "a\r\nBcc: evil@example.com".to_owned();
        let address = |t: &str| t.parse::<Address>().unwrap();
        let mail = mail(&address("me@example.com"), &[address("you@example.com")], &m).unwrap();
        let raw = String::from_utf8(mail.formatted()).unwrap();
        let (head, body) = raw.split_once("\r\n\r\n").unwrap();
        assert!(head.lines().all(|l| !l.starts_with("Bcc")), "{head}");
        assert!(head.contains("Subject: Tradedeck a  Bcc: evil@example.com"), "{head}");
        assert!(head.contains("Message-ID: <alert-1796072405000-7@tradedeck.invalid>"), "{head}");
        assert!(body.starts_with("x  Bcc: evil@example.com"), "{body}");
    }

    #[test]
    fn what_can_not_work_is_refused_at_once() {
        let server =
            |tls, user| Server { host: "localhost", port: 1, tls, user, password: None, certificate: None };
        let to = ["you@example.com".to_owned()];
        let said = |server: &Server<'_>, from: &str| Email::new(server, from, &to).unwrap_err().to_string();
        assert!(said(&server(MailTls::None, Some("me")), "me@example.com").contains("no password"));
        assert!(said(&server(MailTls::None, None), "me").contains("is no address"));
        let damaged =
            Server { certificate: Some(b"-----BEGIN CERTIFICATE-----"), ..server(MailTls::Starttls, None) };
        assert!(said(&damaged, "me@example.com").contains("certificate"));
    }
}
