"""What of a mail its writer says himself: quotes, forwarded mails, signatures and disclaimers left out.

Mail programs mark what they quote in words of their own, in the language they are set to: Outlook, Gmail, Apple Mail,
Thunderbird, GMX and web.de, Yahoo, QQ, Foxmail and NetEase (163, 126) are known here in English, German and Chinese.
"""

from __future__ import annotations

import re2

_BLANK = r"[\s\x{a0}\x{3000}]"
_LEAD = rf"^(?:{_BLANK}|[|*_])*"
"""Before a heading: blanks, a table's bars, the asterisks of bold text."""
_COLON = rf"(?:{_BLANK}|[|*])*[::|](?:{_BLANK}|[|*])*"
_ANY = r"[^\n]"

# -- quotes -----------------------------------------------------------------------------------------------------------

_ATTRIBUTION = "|".join(
    (
        # "On Mon, Mar 2, 2026 at 9:00 AM Anna <a@b> wrote:", perhaps broken over two lines; NetEase says "At"
        rf"^{_BLANK}*(?:on|at)\s{_ANY}{{0,60}}\d{_ANY}{{0,120}}(?:\n{_ANY}{{0,100}})?\swrote\s*[::]\s*$",
        rf"^{_BLANK}*am\s{_ANY}{{0,60}}\d{_ANY}{{0,120}}(?:\n{_ANY}{{0,100}})?\sschrieb"
        rf"{_ANY}{{0,120}}(?:\n{_ANY}{{0,100}})?[::]\s*$",
        # "Am Montag schrieb Anna:"
        rf"^{_BLANK}*(?:on|am)\s{_ANY}{{4,120}}\s(?:wrote|schrieb{_ANY}{{0,120}})\s*[::]\s*$",
        # "Anna schrieb am 02.03.2026 um 09:00:"
        rf"^{_ANY}{{1,120}}\s(?:wrote\son|schrieb\sam)\s{_ANY}{{0,60}}\d{_ANY}{{0,60}}[::]\s*$",
        # "Anna <a@b> 于2026年3月2日周一 09:00写道:"
        rf"^{_ANY}{{0,160}}[写寫]道\s*[::]\s*$",
    )
)
_FROM = r"(?:from|von|发件人|發件人|寄件者|寄件人)"
_SENT = r"(?:sent|date|gesendet|datum|发送时间|发送日期|發送時間|傳送時間|寄件日期|日期|时间|時間)"
_OTHER = r"(?:to|cc|subject|reply-to|an|kopie|betreff|antwort an|收件人|收件者|抄送|副本|主题|主題|主旨)"
_HEADINGS = (
    # a quoted mail's own heading: who and when, in either order, with one line between them at most
    rf"{_LEAD}{_FROM}{_COLON}{_ANY}*\n(?:\s*\n)?(?:{_LEAD}{_OTHER}{_COLON}{_ANY}*\n)?{_LEAD}{_SENT}{_COLON}{_ANY}*\d"
    rf"|{_LEAD}{_SENT}{_COLON}{_ANY}*\d{_ANY}*\n(?:\s*\n)?{_LEAD}{_FROM}{_COLON}"
    rf"|{_LEAD}{_FROM}{_COLON}{_ANY}*@{_ANY}*\n(?:\s*\n)?{_LEAD}{_OTHER}{_COLON}"
)
_RULES = (
    rf"{_LEAD}-{{2,}}{_BLANK}*(?:original(?:{_BLANK}+(?:message|mail|e-mail))?|forwarded{_BLANK}message"
    rf"|(?:ursprüngliche|weitergeleitete|originale){_BLANK}(?:nachricht|e-?mail)|original-?nachricht"
    r"|(?:回复的|转发的|轉寄的|回覆的)?原始?[邮郵]件(?:原件|信息)?|[邮郵]件原件|转发[邮郵]件(?:信息)?|轉寄郵件)"
    rf"(?:{_BLANK}*-{{2,}}|\s*$)"
    r"|^\s*(?:begin forwarded message|anfang der weitergeleiteten nachricht|开始转发的[邮郵]件|開始轉寄郵件)\s*[::]"
    r"|^_{10,}\s*$"
)

# -- signatures and disclaimers ---------------------------------------------------------------------------------------

_SIGNATURE = "|".join(
    (
        r"^-- ?$",
        rf"^{_BLANK}*(?:(?:best|kind|kindest|warm|warmest|with best|with kind)\s+)?regards\b",
        rf"^{_BLANK}*(?:yours (?:sincerely|faithfully|truly)|sincerely(?: yours)?|best wishes)\s*[,.!]?\s*$",
        rf"^{_BLANK}*(?:mit\s+)?(?:(?:freundlich|best|viel|lieb|herzlich|schön)en?\s+)?gr(?:ü|ue)(?:ß|ss)e?n?"
        rf"(?:\s+(?:aus|von|vom)\b{_ANY}{{0,60}})?\s*[,.!]?\s*$",
        rf"^{_BLANK}*(?:mit\s+)?(?:freundlichen|besten|vielen|lieben|herzlichen)\s+gr(?:ü|ue)(?:ß|ss)en\b",
        rf"^{_BLANK}*(?:mfg|vg|lg|hochachtungsvoll)\s*[,.!]?\s*$",
        rf"^{_BLANK}*(?:此致|[顺順]祝商祺|祝好[。!]?\s*$)",
        rf"^{_BLANK}*(?:sent (?:from my|from (?:yahoo|outlook|mail|gmail)|with|via)\b|get outlook for\b)",
        rf"^{_BLANK}*(?:von meinem {_ANY}{{0,40}} gesendet|gesendet (?:von|mit|über) (?:meinem|der|outlook|mail)\b"
        rf"|diese nachricht wurde von meinem\b|outlook für (?:ios|android)\b)",
        rf"^{_BLANK}*(?:[发發]自我的|[从從]我的{_ANY}{{0,20}}(?:发送|傳送)"
        r"|(?:来自|發自|发自)(?:网易|QQ)|[获獲]取 ?outlook)",
    )
)
_DISCLAIMER = (
    rf"^{_ANY}{{0,40}}(?:this (?:e-?mail|message|communication) (?:and any|is (?:intended|confidential)|may|contains)"
    r"|the information (?:contained )?in this (?:e-?mail|message)|if you are not the intended recipient"
    r"|confidentiality notice|diese (?:e-?mail|nachricht) (?:enthält|kann|ist (?:vertraulich|nur))"
    r"|der inhalt dieser e-?mail|(?:sollten|wenn) sie nicht der (?:richtige|vorgesehene|beabsichtigte)"
    rf"|[本此][邮郵]件(?:及|和|含|中|内|可能|仅|僅|所)|保密(?:声明|聲明)|免[责責](?:声明|聲明)){_ANY}*$"
)

_WROTE = re2.compile(f"(?im){_ATTRIBUTION}")
_QUOTES = re2.compile(f"(?im){_ATTRIBUTION}|{_HEADINGS}|{_RULES}")
_SIGNATURES = re2.compile(f"(?im){_SIGNATURE}")
_DISCLAIMERS = re2.compile(f"(?im){_DISCLAIMER}")
_POSTSCRIPT = re2.compile(r"(?im)^\s*p\.? ?s\.?(?:\s*[::]|\s)")
_PARAGRAPH = re2.compile(r"\n\s*\n")


def strip_quoted(body: str) -> str:
    """What the writer says himself.

    Lines that begin with ``>`` are left out, and what stands below them is kept; everything from the first quoted mail
    on is left out, and everything from the first signature or disclaimer on, but for a postscript.
    """
    said = _without_quoted_mail(_without_quoted_lines(body))
    return _without_disclaimer(_without_signature(said))


def _without_quoted_lines(body: str) -> str:
    lines = body.splitlines()
    kept = [line for line in lines if not line.lstrip().startswith(">")]
    text = "\n".join(kept)
    # with the quoted lines gone, a reply may stand below who wrote them
    return text if len(kept) == len(lines) else _WROTE.sub("", text)


def _without_quoted_mail(text: str) -> str:
    found = _QUOTES.search(text)
    return text if found is None else text[: found.start()]


def _without_signature(text: str) -> str:
    found = _SIGNATURES.search(text)
    if found is None:
        return text
    postscript = _POSTSCRIPT.search(text[found.start() :])
    added = "" if postscript is None else "\n" + text[found.start() :][postscript.start() :].strip()
    return text[: found.start()] + added


def _without_disclaimer(text: str) -> str:
    """To the end; of one at the very beginning, which the sender's server put there, its paragraph."""
    found = _DISCLAIMERS.search(text)
    if found is None:
        return text
    if text[: found.start()].strip():
        return text[: found.start()]
    _, *rest = _PARAGRAPH.split(text[found.start() :], maxsplit=1)
    return rest[0] if rest else ""
