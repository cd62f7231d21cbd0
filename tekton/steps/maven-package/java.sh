# shellcheck shell=bash disable=SC2154
# What Java needs for a private authority, and what its log means. Sourced by maven-package.sh.

# Meaning of lines in Maven's log.
# shellcheck disable=SC2034
hints=(
  'release version [0-9]+ not supported|invalid (target|source) release|compiled by a more recent version of the Java Runtime|Detected JDK .* (is not in|which is not in)' "the project needs another JDK than the task's image has: name one in namespace.taskImages.maven"
  'valid Docker environment|Docker daemon' "its tests need Docker, which a build has not: leave them out by MAVEN_ARGS=-DskipTests in the build's environment, or by -Dtest=... or a profile that excludes them"
  'PKIX path building failed' "a repository's certificate is of an authority that is not trusted: give it in the trust bundle"
  'maven-default-http-blocker' "Maven refuses repositories with plain http: name a mirror in the secret mavenSettings"
  'status(:| code:?) 40[13]|Not authorized|authentication failed for' "a repository wants a user: give one in the secret mavenSettings"
)

# Makes Java trust the workspace's authorities beside its own, and adds that to $arguments. The program is one run of Java for all
# certificates of the file: keytool takes one in each, and bundles hold hundreds.
make_trust_store() {
  cat >"$HOME/TrustStore.java" <<'JAVA'
import java.io.*;
import java.security.KeyStore;
import java.security.cert.*;

class TrustStore {
  public static void main(String[] files) throws Exception {
    File own = new File(System.getProperty("java.home"), "lib/security/cacerts");
    KeyStore store = KeyStore.getInstance(own, "changeit".toCharArray());
    int number = 0;
    try (InputStream in = new BufferedInputStream(new FileInputStream(files[0]))) {
      for (Certificate one : CertificateFactory.getInstance("X.509").generateCertificates(in))
        store.setCertificateEntry("trust-" + number++, one);
    }
    if (number == 0) throw new CertificateException("no certificate");
    try (OutputStream out = new FileOutputStream(files[1])) {
      store.store(out, "changeit".toCharArray());
    }
  }
}
JAVA
  java "$HOME/TrustStore.java" "$TRUST/ca-bundle.crt" "$HOME/cacerts" >"$HOME/trust.log" 2>&1 ||
    fail "the file ca-bundle.crt of the workspace trust cannot be read by Java: $(grep -m 1 Exception "$HOME/trust.log" || true)"
  arguments+=("-Djavax.net.ssl.trustStore=$HOME/cacerts" -Djavax.net.ssl.trustStorePassword=changeit)
}
