//! Signatures of requests: HMAC-SHA256 with a shared secret, Ed25519 or RSA (PKCS#1 v1.5, SHA-256) with a private key.
//! What kind a key is says its PEM header and the algorithm named inside, never whether it happens to decode.

use super::Error;
use crate::config::secret::Secret;
use ring::{
    digest, hmac,
    rand::SystemRandom,
    signature::{Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject as _};
use std::fmt;

/// What signs.
pub enum Key {
    /// A shared secret.
    Hmac(hmac::Key),
    /// A private key.
    Ed25519(Ed25519KeyPair),
    /// A private key.
    Rsa(RsaKeyPair),
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())
    }
}

impl Key {
    /// Reads a shared secret, or a private key in PEM.
    ///
    /// # Errors
    /// A private key that is encrypted, damaged, or of another algorithm. Nothing of it is shown.
    pub fn read(secret: &Secret) -> Result<Self, Error> {
        let text = secret.expose();
        if !text.starts_with("-----BEGIN ") {
            return Ok(Self::Hmac(hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes())));
        }
        let wrong = |why: &str| Error::Settings(format!("the private key {why}"));
        if text.contains("ENCRYPTED") {
            return Err(wrong("is encrypted; store it decrypted where only this program can read it"));
        }
        let key = PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| wrong("is no readable PEM"))?;
        match key {
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der())
                .map(Self::Rsa)
                .map_err(|why| wrong(&format!("is no usable RSA key ({why})"))),
            PrivateKeyDer::Pkcs8(der) => {
                let der = der.secret_pkcs8_der();
                // Each reads the algorithm's identifier and refuses another's.
                Ed25519KeyPair::from_pkcs8_maybe_unchecked(der)
                    .map(Self::Ed25519)
                    .or_else(|_| RsaKeyPair::from_pkcs8(der).map(Self::Rsa))
                    .map_err(|why| wrong(&format!("is neither Ed25519 nor usable RSA ({why})")))
            }
            PrivateKeyDer::Sec1(_) | _ => Err(wrong("is neither Ed25519 nor RSA")),
        }
    }

    /// `HMAC`, `Ed25519` or `RSA`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Hmac(_) => "HMAC",
            Self::Ed25519(_) => "Ed25519",
            Self::Rsa(_) => "RSA",
        }
    }

    /// The signature: in hexadecimal of a shared secret, else in base64.
    ///
    /// # Errors
    /// When the system gives no random numbers (an RSA key blinds itself with them).
    pub fn sign(&self, payload: &[u8]) -> Result<String, Error> {
        match self {
            Self::Hmac(key) => Ok(hex(hmac::sign(key, payload).as_ref())),
            Self::Ed25519(key) => Ok(base64(key.sign(payload).as_ref())),
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), payload, &mut signature)
                    .map_err(|_| Error::Settings("the RSA key can't sign".to_owned()))?;
                Ok(base64(&signature))
            }
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |n: u8| char::from_digit(u32::from(n), 16);
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).flatten().collect()
}

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// RFC 4648, with padding.
pub fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3).saturating_mul(4));
    for three in bytes.chunks(3) {
        let at = |i: usize| three.get(i).copied().map_or(0, u32::from);
        let bits = (at(0) << 16) | (at(1) << 8) | at(2);
        for (place, shift) in [18_u32, 12, 6, 0].into_iter().enumerate() {
            let index = usize::try_from((bits >> shift) & 63).ok();
            let letter = index.and_then(|i| LETTERS.get(i)).copied().map_or('=', char::from);
            out.push(if place > three.len() { '=' } else { letter });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::{ED25519, KeyPair as _, UnparsedPublicKey};

    const RSA: &str = include_str!("../../tests/fixtures/binance/rsa.pem");
    const RSA_OLD: &str = include_str!("../../tests/fixtures/binance/rsa1.pem");
    const ED: &str = include_str!("../../tests/fixtures/binance/ed25519.pem");
    /// The vendor's example request (binance-spot-api-docs, rest-api.md, "HMAC Keys").
    const PAYLOAD: &str = "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559";
    const SECRET: &str = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";

    fn key(text: &str) -> Key {
        Key::read(&Secret::new(text.to_owned())).unwrap()
    }
    /// The payload with its last bit turned.
    fn turned(payload: &str) -> Vec<u8> {
        let mut bytes = payload.as_bytes().to_vec();
        *bytes.last_mut().unwrap() ^= 1;
        bytes
    }

    /// The vendor's published vectors, from the same documents: sections "HMAC Keys" and "SIGNED request example".
    #[test]
    fn shared_secrets_sign_as_the_vendor_printed() {
        let key = key(SECRET);
        assert_eq!(key.kind(), "HMAC");
        let api_key = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A";
        for (payload, signature) in [
            (PAYLOAD.to_owned(), "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"),
            (
                PAYLOAD.replace("LTCBTC", "%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96"),
                "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3",
            ),
            (
                PAYLOAD.replace("&quantity", "quantity"),
                "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77",
            ),
            (
                format!(
                    "apiKey={api_key}&price=52000.00&quantity=0.01000000&recvWindow=100&side=SELL&symbol=BTCUSDT&timeInForce=GTC&timestamp=1645423376532&type=LIMIT"
                ),
                "aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24",
            ),
            (
                format!(
                    "apiKey={api_key}&price=0.10000000&quantity=1.00000000&recvWindow=5000&side=BUY&symbol=１２３４５６&timeInForce=GTC&timestamp=1645423376532&type=LIMIT"
                ),
                "b33892ae8e687c939f4468c6268ddd4c40ac1af18ad19a064864c47bae0752cd",
            ),
        ] {
            assert_eq!(key.sign(payload.as_bytes()).unwrap(), signature, "{payload}");
            assert_ne!(key.sign(&turned(&payload)).unwrap(), signature, "{payload}");
        }
        let mut other = SECRET.to_owned();
        other.replace_range(..1, "O");
        let other = Key::read(&Secret::new(other)).unwrap();
        assert_ne!(
            other.sign(PAYLOAD.as_bytes()).unwrap(),
            "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"
        );
    }

    /// RFC 8032, section 7.1, tests 2 and 3: seed, public key, message, signature.
    #[test]
    fn ed25519_signs_as_its_standard_says() {
        let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok()).unwrap();
        let bytes = |text: &str| -> Vec<u8> {
            text.as_bytes().chunks(2).map(|two| (digit(two[0]) << 4) | digit(two[1])).collect()
        };
        for (seed, public, message, signature) in [
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            ),
            (
                "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
                "af82",
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
            ),
        ] {
            let mut der = bytes("302e020100300506032b657004220420");
            der.extend(bytes(seed));
            let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", base64(&der));
            let key = key(&pem);
            assert_eq!(
                (key.kind(), key.sign(&bytes(message)).unwrap()),
                ("Ed25519", base64(&bytes(signature)))
            );
            let Key::Ed25519(pair) = &key else { panic!() };
            assert_eq!(pair.public_key().as_ref(), bytes(public));
            let judge = UnparsedPublicKey::new(&ED25519, bytes(public));
            assert!(judge.verify(&bytes(message), &bytes(signature)).is_ok());
            let mut wrong = bytes(signature);
            wrong[5] ^= 1;
            assert!(judge.verify(&bytes(message), &wrong).is_err());
        }
    }

    /// Signed beside by OpenSSL 3 with the same keys. Both kinds are deterministic.
    #[test]
    fn private_keys_sign_as_openssl_does() {
        let rsa = "KBlp/vNRIPJd1oYV0a2CWqIrNQCZnhnxtsLyoyOrEP4T+xa+/h7S3uDZf6zd7Zys8Ysb/jziabPHOu9Ylcaas0D4g8jXNofYmlMyPJS3nZKKq9LKOdBuVVwki00E4OnGIMfIxbGGC8IzFe/xwmOA5C50mwXX72N+FWw4U8HGzD931S6Ybb7nL3ZYtw0UMIYeKCDg8HoKYE+XZEUnzQX6eSmRIMo5xi1Gig7WY+BK0p8wD/e10J0tyPdoVmH6cvnCfeIUAqlymHQd5m2u9xkbh1+l+kuJAPCoOwLNQJqc2UG4KaNdpuOkr/7lIJB80e+rksNFmF+k4mtYNpv0uMlhaw==";
        let ed = "PyunUpcJykUzsEVquNMzrtoxJWUmRX/N5DYjyoI2K8mlqbZlDQsPvpgdc87vs+TsfzncPCsjDSIXc+f+G1BCCA==";
        for (pem, kind, signature) in [(RSA, "RSA", rsa), (RSA_OLD, "RSA", rsa), (ED, "Ed25519", ed)] {
            let key = key(pem);
            assert_eq!((key.kind(), key.sign(PAYLOAD.as_bytes()).unwrap().as_str()), (kind, signature));
            assert_ne!(key.sign(&turned(PAYLOAD)).unwrap(), signature);
            assert_eq!(format!("{key:?}"), kind);
        }
    }

    #[test]
    fn what_is_no_key_is_refused_without_showing_it() {
        for (pem, why) in [
            (RSA.replace("PRIVATE", "ENCRYPTED PRIVATE"), "is encrypted"),
            (RSA.replace("MII", "!!!"), "is no readable PEM"),
            (RSA.chars().take(400).collect::<String>() + "\n-----END PRIVATE KEY-----", "is neither Ed25519"),
            ("-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n".to_owned(), "is neither"),
        ] {
            let said = Key::read(&Secret::new(pem.clone())).unwrap_err().to_string();
            assert!(said.contains(why), "{said}");
            let part: String = pem.chars().skip(40).take(20).collect();
            assert!(!said.contains(&part), "{said}");
        }
        // A shared secret that happens to be base64 stays one.
        assert_eq!(key("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=").kind(), "HMAC");
        assert_eq!(base64(b"f"), "Zg==");
        assert_eq!(
            (base64(b"fo"), base64(b"foobar"), hex(&[0, 171])),
            ("Zm8=".into(), "Zm9vYmFy".into(), "00ab".into())
        );
    }
}
