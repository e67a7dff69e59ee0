//! Certificates: our own authority made at first start, or the operator's files, renewed while running.
//!
//! The official SDKs refuse to send tokens over plain HTTP, so TLS has to work before anybody has
//! configured anything. The authority's certificate is `<data>/ca.pem`; clients trust that one file.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_util::sync::CancellationToken;

use crate::secrets::write_private;

/// Browsers refuse leaves that live longer than 398 days.
const LEAF_DAYS: i64 = 397;
/// How long an authority lives; nobody should have to redistribute it.
const CA_YEARS: i16 = 20;
/// How often a leaf is issued anew, or the operator's files are read again.
const RENEW_EVERY: Duration = Duration::from_secs(12 * 3600);

/// Where the server's certificate comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// Issued by our own authority, whose files are in this directory.
    Own {
        /// The data directory.
        dir: PathBuf,
        /// Names and addresses that clients use.
        names: Vec<String>,
    },
    /// The operator's PEM files.
    Files {
        /// Certificate chain.
        cert: PathBuf,
        /// Private key.
        key: PathBuf,
    },
}

/// The certificate in use; readers never wait for a renewal.
#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone())
    }
}

/// A TLS configuration that keeps itself valid until `stop` is cancelled.
///
/// # Errors
/// The authority or the operator's files cannot be read or made.
pub fn server_config(source: Source, stop: CancellationToken) -> Result<Arc<ServerConfig>> {
    let current = Arc::new(Current(RwLock::new(Arc::new(source.load()?))));
    tokio::spawn(renew(source, current.clone(), stop));
    let mut config = ServerConfig::builder().with_no_client_auth().with_cert_resolver(current);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

async fn renew(source: Source, current: Arc<Current>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(RENEW_EVERY) => {}
        }
        match source.load() {
            Ok(key) => *current.0.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::new(key),
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "certificate not renewed; the old one stays")
            }
        }
    }
}

impl Source {
    fn load(&self) -> Result<CertifiedKey> {
        let (chain, key) = match self {
            Source::Own { dir, names } => issue(dir, names)?,
            Source::Files { cert, key } => (read_chain(cert)?, read_key(key)?),
        };
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        CertifiedKey::from_der(chain, key, &provider)
            .context("certificate and private key do not belong together")
    }
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let pem = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let chain = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<Vec<_>, _>>()
        .with_context(|| format!("{} holds no certificate in PEM form", path.display()))?;
    anyhow::ensure!(!chain.is_empty(), "{} holds no certificate in PEM form", path.display());
    Ok(chain)
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>> {
    let pem = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    PrivateKeyDer::from_pem_slice(&pem)
        .with_context(|| format!("{} holds no private key in PEM form", path.display()))
}

type Issued = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn issue(dir: &Path, names: &[String]) -> Result<Issued> {
    let ca = Authority::load_or_create(dir)?;
    let mut params =
        CertificateParams::new(names.to_vec()).context("a host name is not usable in a certificate")?;
    params.distinguished_name.push(DnType::CommonName, "Millrace");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
    params.use_authority_key_identifier_extension = true;
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    params.not_before = at(today.saturating_sub(jiff::Span::new().days(1)));
    params.not_after = at(today.saturating_add(jiff::Span::new().days(LEAF_DAYS)));
    let key = KeyPair::generate().context("cannot make a private key")?;
    let leaf = params.signed_by(&key, &ca.issuer).context("cannot sign the certificate")?;
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(|e| anyhow::anyhow!("{e}"))?;
    Ok((vec![leaf.der().clone()], key))
}

/// Our certificate authority: `ca.pem` for everyone, `ca-key.pem` for the server alone.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn load_or_create(dir: &Path) -> Result<Self> {
        let (cert_path, key_path) = (dir.join("ca.pem"), dir.join("ca-key.pem"));
        if cert_path.exists() && key_path.exists() {
            let pem = std::fs::read_to_string(&key_path)
                .with_context(|| format!("cannot read {}", key_path.display()))?;
            let key =
                KeyPair::from_pem(&pem).with_context(|| format!("{} is damaged", key_path.display()))?;
            return Ok(Self { issuer: Issuer::new(ca_params(&key), key) });
        }
        let key = KeyPair::generate().context("cannot make a private key")?;
        let cert = ca_params(&key).self_signed(&key).context("cannot sign the authority's certificate")?;
        write_private(&key_path, key.serialize_pem().as_bytes())?;
        write_private(&cert_path, cert.pem().as_bytes())?;
        Ok(Self { issuer: Issuer::new(ca_params(&key), key) })
    }
}

/// The same subject for the same key, so that leaves issued after a restart chain to the first `ca.pem`.
/// The key's fingerprint is part of the name: two Millrace authorities in one trust store must differ.
fn ca_params(key: &KeyPair) -> CertificateParams {
    let print = crate::secrets::fingerprint(key.public_key_raw());
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, format!("Millrace local authority {print}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    params.not_before = at(today.saturating_sub(jiff::Span::new().days(1)));
    params.not_after = at(today.saturating_add(jiff::Span::new().years(CA_YEARS)));
    params
}

fn at(date: jiff::civil::Date) -> time::OffsetDateTime {
    // Months and days of a civil date are always in rcgen's range.
    rcgen::date_time_ymd(i32::from(date.year()), date.month().unsigned_abs(), date.day().unsigned_abs())
}

/// Every name under which a client may reach a listener.
#[must_use]
pub fn names(host_name: Option<&str>, addresses: &[IpAddr]) -> Vec<String> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    names.extend(host_name.map(str::to_owned));
    names.extend(addresses.iter().filter(|ip| !ip.is_unspecified()).map(IpAddr::to_string));
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restart_keeps_the_authority() {
        let dir = tempfile::tempdir().unwrap();
        let source = Source::Own { dir: dir.path().into(), names: names(Some("media.example"), &[]) };
        source.load().unwrap();
        let first = std::fs::read(dir.path().join("ca.pem")).unwrap();
        source.load().unwrap();
        assert_eq!(first, std::fs::read(dir.path().join("ca.pem")).unwrap());
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(dir.path().join("ca-key.pem")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_key_of_someone_else_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let cert = dir.path().join("cert.pem");
        let key = dir.path().join("key.pem");
        let made = rcgen::generate_simple_self_signed(vec!["a.example".to_owned()]).unwrap();
        std::fs::write(&cert, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        Source::Files { cert: cert.clone(), key: key.clone() }.load().unwrap();
        std::fs::write(&key, KeyPair::generate().unwrap().serialize_pem()).unwrap();
        assert!(Source::Files { cert, key }.load().is_err());
    }
}
