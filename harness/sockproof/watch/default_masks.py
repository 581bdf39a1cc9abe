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
    r"(?:pass[_-]?w(?:or[dt]|d)|passphrase|passcode|secret|tokens?|api[ _-]?key|access[_-]?key|"
    r"private[_-]?key|auth[_-]?key|credentials?|session|sess_?id|csrf|xsrf|requirepass|"
    r"(?:user|db)_?(?:pass|pwd)|otp_code)"
)
_JUST = r"(?:pass\d?|pwd\d?|pw|o?auth|sess|sid|jwt|t?otp|pin|signature|sig)"
# Also the last of several in brackets: user[password].
_NAME = (
    rf"(?:{_TELLING}[\w.-]{{0,40}}|(?<![A-Za-z0-9]){_JUST})"
    r"(?:\]|%5D)?(?:[ \t](?:id|key|code|is))?"
)
# What has such a name as its value: a part of a form, a field of a page.
_NAMED = (
    rf"""["'](?=[^"'\r\n]{{0,40}}(?:{_TELLING}|(?<![A-Za-z0-9]){_JUST}))[^"'\r\n]{{1,80}}["']"""
)
_MECHANISM = (
    r"(?:(?:PLAIN|LOGIN|CRAM-MD5|DIGEST-MD5|XOAUTH2|OAUTHBEARER|EXTERNAL|GSSAPI|NTLM|"
    r"SCRAM-[\w-]+)\b[ \t]*)?"
)
_IS, _EQUALS = r"\s{0,40}(?:=>|=|:|%3D)\s{0,40}", r"[ \t]*(?:=|%3D)[ \t]*"

ANYWHERE = (
    # Headers.
    rf"^[ \t]*(?:Proxy-)?Authorization[ \t]*:[ \t]*{_SCHEME}{_VALUE}",
    rf"^Cookie2?[ \t]*:[ \t]*{_VALUE}",
    r"""^Set-Cookie2?[ \t]*:[ \t]*(?:\r?\n[ \t]+)?(?:[^=;\r\n]*=)?("[^"\r\n]*"|[^;\r\n]*)""",
    r"\bBearer[ \t]*:?[ \t]+(?!realm=|error=|scope=)([\w.~+/=-]+)",
    # Names with values: of forms, of JSON, of settings, of headers.
    rf"""(?:{_NAME}|(?:proxy-)?authorization|(?:set-)?cookie)\\?["']?{_IS}\\?"((?:\\.|[^"\\\r\n])*)""",
    rf"""{_NAME}["']?{_IS}'((?:\\.|[^'\\\r\n])*)""",
    rf"""{_NAME}["']?{_EQUALS}([^\s&;,"'<>)}}\]]+)""",
    rf"""{_NAME}["'][ \t]*:[ \t]*([^\s"',{{}}\[\]][^\s,}}\]]*)""",
    rf"""{_NAME}["']\s{{0,40}}:\s{{0,40}}[\[{{]([^\]}}]*)""",
    rf"""{_NAME}[ \t]+["']((?:\\.|[^"'\\\r\n])*)""",
    rf"""["'](?:{_NAME}|(?:proxy-)?authorization|cookie)["'][ \t]*,[ \t]*"((?:\\.|[^"\\\r\n])*)""",
    # Values on lines of their own, as in YAML; between octets of zero, as in frames; as Redis
    # spells words.
    rf"{_NAME}[ \t]*:[ \t]*\r?\n[ \t]+(?:-[ \t]+)?([^\r\n]+(?:\r?\n[ \t]+[^\r\n]+)*)",
    rf"{_NAME}\0([^\0]+)\0",
    rf"\$\d+\r\n{_NAME}\r\n\$\d+\r\n([^\r\n]*)",
    rf"""\bname={_NAMED}[^\r\n]{{0,200}}\r?\n(?:[^\r\n]{{1,200}}\r?\n){{0,9}}\r?\n([^\r\n]*)""",
    rf"""\b(?:name|id)["']?{_IS}{_NAMED}[^<>{{}}\r\n]{{0,80}}?(?:value|content)["']?{_IS}["']?([^"'<>\s,}}]*)""",
    rf"""\bvalue["']?{_IS}["']?([^"'<>\s,}}]*)["']?[^<>{{}}\r\n]{{0,80}}?\b(?:name|id)["']?{_IS}{_NAMED}""",
    rf"""\bname={_NAMED}[^<>]{{0,80}}>([^<]+)""",
    rf"""{_NAME}[ \t]*:[ \t]*([^\s"'](?:[^\r\n]|\r?\n[ \t])*)""",
    rf"<[\w:.-]{{0,40}}(?:{_TELLING}|{_JUST})[^<>]{{0,80}}>(?:\s*<(?!/)[^<>]{{0,80}}?(?:CDATA\[|>)){{0,3}}([^<]+)",
    # What shows what it is by itself.
    r"\b[a-z][a-z0-9+.-]{0,20}://[^\s/@:]*:([^\s/]+)@",
    r"\bhttps?://([^\s/@:]+)@",
    r"\b(eyJ[\w-]{4,}\.[\w-]+(?:\.[\w-]*)?)",
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----([^-]*)",
    r"\$4\r\nAUTH\r\n\$\d+\r\n([^\r\n]*)(?:\r\n\$\d+\r\n([^\r\n]*))?",
)
"""Of both sides."""

FROM_CLIENTS = (
    r"^[ \t]*(?:PASS(?:WORD|WD|PHRASE|CODE)?|TOKEN|SECRET|API-?KEY|IDENTIFY)[ \t]+([^\r\n]+)",
    r":IDENTIFY[ \t]+([^\r\n]+)",
    rf"(?:^[ \t]*(?:\S+[ \t]+)?|\0.)(?:AUTH|AUTHENTICATE)[ \t]+{_MECHANISM}([^\r\n]*)",
    r"(?:^[ \t]*(?:\S+[ \t]+)?|\0.|/)(?:LOGIN|OPER|LOGON|SIGNIN)[ \t]+"
    r"(?:\{\d+\+?\}\r\n)?[^\s:]+[ \t:]+(?:\{\d+\+?\}\r\n)?([^\r\n]+)",
    r"\b(?:requirepass|masterauth)[ \t]+(\S+)",
    r"""\bIDENTIFIED[ \t]+BY[ \t]+["']?([^"'\r\n;]+)""",
    r"\bHELLO[ \t]+\d[ \t]+AUTH[ \t]+\S+[ \t]+(\S+)",
    r"(?<!\w)(?:pass(?:word|wd|phrase|code)?|token|secret|api-?key)[ \t]+"
    r"(?:(?:is|was|to|be)[ \t]+)?(\S+)",
)
"""Commands of clients."""

_WORD = r"(?:pass(?:word|phrase|code|wd)?|secret|token|\bpin\b)"
_ASKS = r"\b(?:enter|type|give|tell|send|need|your|please)\b[^\r\n]{0,60}"
PROMPT = (
    rf"(?:(?:{_WORD}[^\r\n]{{0,80}}[:?>]|{_WORD}[.!]{{1,5}}"
    rf"|{_ASKS}{_WORD}[^\w\r\n]{{0,5}}(?:please)?[^\w\r\n]{{0,5}})"
    # What hides what is typed, in telnet, and what ends letters of another kind, at a terminal.
    r"(?:[ \t\r\n]|\xff[\xfb-\xfe].|\x1b\[[0-9;]{0,20}m)*"
    r"|(?:^|\n)334[ -][^\r\n]*\r?\n|(?:^|\n)\+(?:[ \t][^\r\n]*)?\r?\n)\Z"
)
"""How a server ends that asks for a secret: the line that its client says next is one."""

NO_SECRETS = frozenset(
    (b"uri", b"realm", b"username", b"qop", b"algorithm", b"nc", b"path", b"domain", b"expires")
)
"""Names within a secret, such as a header's value, whose values are none by themselves."""
