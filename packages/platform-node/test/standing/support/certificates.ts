/**
 * Certificates for tests, each with its key, valid for a hundred years. They are published, so they protect nothing.
 * Made by `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -addext
 * subjectAltName=DNS:…`.
 */
import { createPrivateKey } from "node:crypto"

interface Certificate {
  readonly cert: string
  readonly key: string
}

/** The key is stored as its raw numbers. */
const certificate = (d: string, x: string, y: string, ...lines: ReadonlyArray<string>): Certificate => ({
  cert: ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n"),
  key: createPrivateKey({ key: { kty: "EC", crv: "P-256", d, x, y }, format: "jwk" })
    .export({ format: "pem", type: "pkcs8" }).toString()
})

/** For as.test. A test has to trust it explicitly. */
export const trusted: Certificate = certificate(
  "3rKMtrQSxvXc4aQ2jGhlChyKAhk436bvul06b8BKnNQ",
  "w6cIejvBbvEy5nTPAL1McOs5ZMaubdROCfuhhGHGvFI",
  "DV6MMsU5u8RqMIvrbZuRyNOALBJoGvyWzUoVtpfrLOM",
  "MIIBkDCCATWgAwIBAgIUGru6gszLDeZYZ5pDINqwQe7tbE8wCgYIKoZIzj0EAwIw",
  "EjEQMA4GA1UEAwwHYXMudGVzdDAgFw0yNjExMjQyMTU3MzRaGA8yMTI2MTAzMTIx",
  "NTczNFowEjEQMA4GA1UEAwwHYXMudGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEH",
  "A0IABMOnCHo7wW7xMuZ0zwC9THDrOWTGrm3UTgn7oYRhxrxSDV6MMsU5u8RqMIvr",
  "bZuRyNOALBJoGvyWzUoVtpfrLOOjZzBlMB0GA1UdDgQWBBT0iPcGJuWAsYjdotOP",
  "QEGCMhfJODAfBgNVHSMEGDAWgBT0iPcGJuWAsYjdotOPQEGCMhfJODAPBgNVHRMB",
  "Af8EBTADAQH/MBIGA1UdEQQLMAmCB2FzLnRlc3QwCgYIKoZIzj0EAwIDSQAwRgIh",
  "AM0kJ2bmTn/ie59WtRKcy36EBEIoh83Ti+5CD+JbpqW0AiEAskWBdoSjMrI+9De/",
  "9goQEtNlwt+PudRZe66LpKjz4fo="
)

/** For as.test as well, and not trusted by any test. */
export const untrusted: Certificate = certificate(
  "Hwyu7v7Q6ysc47ls9lkHGbqWUjNK5XDdvLIjVjVgezc",
  "kNqznQw7hcn4yW4vRstYu046x01LVooXzdT7PKjZeLo",
  "xvZy3Sspg98LknKBzfRLvsE6iQ9FELiml2HqexoTAvY",
  "MIIBjjCCATWgAwIBAgIUCW1HERzauz37xvA66sOWKj+OElswCgYIKoZIzj0EAwIw",
  "EjEQMA4GA1UEAwwHYXMudGVzdDAgFw0yNjExMjQyMTU3MzRaGA8yMTI2MTAzMTIx",
  "NTczNFowEjEQMA4GA1UEAwwHYXMudGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEH",
  "A0IABJDas50MO4XJ+MluL0bLWLtOOsdNS1aKF83U+zyo2Xi6xvZy3Sspg98LknKB",
  "zfRLvsE6iQ9FELiml2HqexoTAvajZzBlMB0GA1UdDgQWBBSk/tu98IE1uEN4Own5",
  "EU+0qUNCszAfBgNVHSMEGDAWgBSk/tu98IE1uEN4Own5EU+0qUNCszAPBgNVHRMB",
  "Af8EBTADAQH/MBIGA1UdEQQLMAmCB2FzLnRlc3QwCgYIKoZIzj0EAwIDRwAwRAIg",
  "XRevPQshDaPBg/R1KnboWVOk0Xx9TXjFG/AQMBQz9HkCIGpg9MGOEFl2VY3N6IXK",
  "FmgCcSVm46Bseja0fWO987PR"
)

/** For other.test. A test that trusts it must not accept it for as.test. */
export const foreign: Certificate = certificate(
  "xBHCVsMp9xIpdSj3B7SCph55FBkd5_eE4LPvJPAsWdk",
  "m0B8uJH1iGd7HRJxH-vNYh0gsvOb8EMQA5tbj5u7HoA",
  "8BIoiFWg7Ri-vLWLggch-Bu6vd3vYPfHWZSgSOJmpqc",
  "MIIBmTCCAT6gAwIBAgIUCDDUy98uaKqVLpgOB8XXxbDQWkgwCgYIKoZIzj0EAwIw",
  "FTETMBEGA1UEAwwKb3RoZXIudGVzdDAgFw0yNjExMjQyMTU3MzRaGA8yMTI2MTAz",
  "MTIxNTczNFowFTETMBEGA1UEAwwKb3RoZXIudGVzdDBZMBMGByqGSM49AgEGCCqG",
  "SM49AwEHA0IABJtAfLiR9Yhnex0ScR/rzWIdILLzm/BDEAObW4+bux6A8BIoiFWg",
  "7Ri+vLWLggch+Bu6vd3vYPfHWZSgSOJmpqejajBoMB0GA1UdDgQWBBS3l95rdDls",
  "F7yN6BZb8GlX0CdNUjAfBgNVHSMEGDAWgBS3l95rdDlsF7yN6BZb8GlX0CdNUjAP",
  "BgNVHRMBAf8EBTADAQH/MBUGA1UdEQQOMAyCCm90aGVyLnRlc3QwCgYIKoZIzj0E",
  "AwIDSQAwRgIhAKjvuUTUAaz1bfa9/E34/CCtp0KyeVAmyjuQAwIFpn54AiEA3zO0",
  "ovzZRNSNYwRUEKGY4BHhCmdPsY1qM29Mo4Bt3J0="
)
