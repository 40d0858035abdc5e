//! A server of mail on loopback: it speaks SMTP with STARTTLS, TLS from the first byte, or neither, and keeps what it got.

use std::{net::SocketAddr, sync::Arc};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader},
    net::TcpListener,
    sync::mpsc,
};
use tokio_rustls::TlsAcceptor;

/// How it is protected.
#[derive(Debug, Clone)]
pub(super) enum Guard {
    Open,
    Starttls(Arc<rustls::ServerConfig>),
    Implicit(Arc<rustls::ServerConfig>),
}

/// A mail that it took.
#[derive(Debug, Clone, Default)]
pub(super) struct Mail {
    pub(super) from: String,
    pub(super) to: Vec<String>,
    /// What stood behind `AUTH`.
    pub(super) login: Option<String>,
    pub(super) was_encrypted: bool,
    pub(super) text: String,
}

#[derive(Debug)]
pub(super) struct Smtp {
    pub(super) addr: SocketAddr,
    pub(super) mails: mpsc::Receiver<Mail>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Smtp {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Smtp {
    /// `refusal` is what it says to a login instead of taking it; each `{}` in it is what came.
    pub(super) async fn start(guard: Guard, refusal: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (keep, mails) = mpsc::channel(64);
        let task = tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let (guard, keep) = (guard.clone(), keep.clone());
                tokio::spawn(async move {
                    match guard {
                        Guard::Open => {
                            drop(talk(BufReader::new(tcp), (true, false, false), refusal, &keep).await);
                        }
                        Guard::Implicit(config) => {
                            if let Ok(tls) = TlsAcceptor::from(config).accept(tcp).await {
                                drop(talk(BufReader::new(tls), (true, false, true), refusal, &keep).await);
                            }
                        }
                        Guard::Starttls(config) => {
                            let Some(tcp) =
                                talk(BufReader::new(tcp), (true, true, false), refusal, &keep).await
                            else {
                                return;
                            };
                            if let Ok(tls) = TlsAcceptor::from(config).accept(tcp.into_inner()).await {
                                drop(talk(BufReader::new(tls), (false, false, true), refusal, &keep).await);
                            }
                        }
                    }
                });
            }
        });
        Self { addr, mails, task }
    }
}

/// One conversation; gives the connection back where the client asks for TLS.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: BufReader<S>,
    (greets, offers_tls, is_encrypted): (bool, bool, bool),
    refusal: Option<&str>,
    keep: &mpsc::Sender<Mail>,
) -> Option<BufReader<S>> {
    if greets {
        say(&mut stream, "220 loopback ESMTP").await?;
    }
    let mut mail = Mail { was_encrypted: is_encrypted, ..Mail::default() };
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word.to_ascii_uppercase().as_str() {
            "EHLO" if offers_tls => say(&mut stream, "250-loopback\r\n250-STARTTLS\r\n250 8BITMIME").await?,
            "EHLO" => say(&mut stream, "250-loopback\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME").await?,
            "STARTTLS" => {
                say(&mut stream, "220 go").await?;
                return Some(stream);
            }
            "AUTH" => {
                mail.login = Some(rest.to_owned());
                match refusal {
                    Some(words) => say(&mut stream, &words.replace("{}", rest)).await?,
                    None => say(&mut stream, "235 welcome").await?,
                }
            }
            "MAIL" => {
                mail.from = rest.to_owned();
                say(&mut stream, "250 ok").await?;
            }
            "RCPT" => {
                mail.to.push(rest.to_owned());
                say(&mut stream, "250 ok").await?;
            }
            "DATA" => {
                say(&mut stream, "354 go on").await?;
                loop {
                    let mut line = String::new();
                    if stream.read_line(&mut line).await.ok()? == 0 {
                        return None;
                    }
                    if line.trim_end() == "." {
                        break;
                    }
                    mail.text.push_str(&line);
                }
                keep.send(mail.clone()).await.ok()?;
                say(&mut stream, "250 kept").await?;
            }
            "QUIT" => {
                say(&mut stream, "221 bye").await?;
                return None;
            }
            _ => say(&mut stream, "500 what?").await?,
        }
    }
}

async fn say<S: AsyncWrite + Unpin>(stream: &mut S, line: &str) -> Option<()> {
    stream.write_all(format!("{line}\r\n").as_bytes()).await.ok()?;
    stream.flush().await.ok()
}
