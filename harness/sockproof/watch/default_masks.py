"""What is masked unless its user says otherwise: where passwords and tokens stand in what clients
and servers say.

Each pattern is sought in all that one side says on a connection, lines and letters of either case.
Its groups are what is masked. To mask too much costs an example; too little tells a secret.
"""

from __future__ import annotations

__all__ = ["ANYWHERE", "FROM_CLIENTS", "NO_SECRETS", "PROMPT"]

# A value of a header, with the lines that go on with it.
_VALUE = r"((?:[^\r\n]|\r?\n[ \t])*)"
_SCHEME = r"(?:(?:Basic|Bearer|Digest|Negotiate|NTLM|Token|ApiKey|GSSAPI|SCRAM-[\w-]+)[ \t]+)?"
# Names that have one of these words in them are of secrets; of others, those that are just so.
_TELLING = (
    r"(?:passw(?:or)?d|passphrase|passcode|secret|tokens?|api[_-]?key|access[_-]?key|"
    r"private[_-]?key|auth[_-]?key|credentials?|session|csrf|xsrf)"
)
_JUST = r"(?:pass|pwd|pw|auth|sess|sid|jwt|otp|pin|signature|sig)"
_NAME = rf"(?:{_TELLING}[\w.-]{{0,40}}|(?<![A-Za-z0-9]){_JUST})(?:[ \t](?:id|key|code|is))?"
_MECHANISM = (
    r"(?:(?:PLAIN|LOGIN|CRAM-MD5|DIGEST-MD5|XOAUTH2|OAUTHBEARER|EXTERNAL|GSSAPI|NTLM|"
    r"SCRAM-[\w-]+)\b[ \t]*)?"
)
_IS, _EQUALS = r"[ \t]*(?:=|:|%3D)[ \t]*", r"[ \t]*(?:=|%3D)[ \t]*"

ANYWHERE = (
    # Headers.
    rf"^(?:Proxy-)?Authorization[ \t]*:[ \t]*{_SCHEME}{_VALUE}",
    rf"^Cookie2?[ \t]*:[ \t]*{_VALUE}",
    r"^Set-Cookie2?[ \t]*:[ \t]*(?:[^=;\r\n]*=)?([^;\r\n]*)",
    r"\bBearer[ \t]+(?!realm=|error=|scope=)([\w.~+/=-]+)",
    # Names with values: of forms, of JSON, of settings, of headers.
    rf"""{_NAME}["']?{_IS}"((?:\\.|[^"\\\r\n])*)""",
    rf"""{_NAME}["']?{_IS}'((?:\\.|[^'\\\r\n])*)""",
    rf"""{_NAME}["']?{_EQUALS}([^\s&;,"'<>)}}\]]+)""",
    rf"""{_NAME}["'][ \t]*:[ \t]*([^\s"',{{}}\[\]][^\s,}}\]]*)""",
    rf"""{_NAME}[ \t]*:[ \t]*([^\s"'](?:[^\r\n]|\r?\n[ \t])*)""",
    rf"<[\w:.-]{{0,40}}(?:{_TELLING}|{_JUST})[^<>]{{0,80}}>([^<]+)",
    # What shows what it is by itself.
    r"\b[a-z][a-z0-9+.-]{0,20}://[^\s/@:]*:([^\s/@]+)@",
    r"\b(eyJ[\w-]{4,}\.[\w-]+(?:\.[\w-]*)?)",
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----([^-]*)",
    # As Redis spells words.
    r"\$4\r\nAUTH\r\n\$\d+\r\n([^\r\n]*)(?:\r\n\$\d+\r\n([^\r\n]*))?",
)
"""Of both sides."""

FROM_CLIENTS = (
    r"^[ \t]*(?:PASS(?:WORD|WD|PHRASE|CODE)?|TOKEN|SECRET|API-?KEY|IDENTIFY)[ \t]+([^\r\n]+)",
    rf"^[ \t]*(?:\S+[ \t]+)?(?:AUTH|AUTHENTICATE)[ \t]+{_MECHANISM}([^\r\n]*)",
    r"^[ \t]*(?:\S+[ \t]+)?(?:LOGIN|OPER|LOGON|SIGNIN)[ \t]+\S+[ \t]+([^\r\n]+)",
    r"\bHELLO[ \t]+\d[ \t]+AUTH[ \t]+\S+[ \t]+(\S+)",
    r"(?<!\w)(?:pass(?:word|wd|phrase|code)?|token|secret|api-?key)[ \t]+(\S+)",
)
"""Commands of clients."""

PROMPT = (
    r"(?:(?:pass(?:word|phrase|code|wd)?|secret|token|\bpin\b)[^\r\n]{0,40}[:?>][ \t\r\n]*"
    r"|(?:^|\n)334[ -][^\r\n]*\r?\n|(?:^|\n)\+(?:[ \t][^\r\n]*)?\r?\n)\Z"
)
"""How a server ends that asks for a secret: the line that its client says next is one."""

NO_SECRETS = frozenset(
    (b"uri", b"realm", b"username", b"qop", b"algorithm", b"nc", b"path", b"domain", b"expires")
)
"""Names within a secret, such as a header's value, whose values are none by themselves."""
