"""What a customer says himself, out of the mails that mail programs make of it."""

from __future__ import annotations

import time

import pytest

from plugin.handlers.plain import plain
from plugin.model.quoting import strip_quoted

OURS = "We are sorry about your complaint."
"""What we wrote, and the customer's mail program quotes: he does not say it."""

QUOTED = [
    pytest.param(f"> {OURS}", id="quoted line"),
    pytest.param(f"On Mon, Mar 2, 2026 at 9:00 AM Anna <anna@example.com> wrote:\n\n{OURS}", id="Gmail, English"),
    pytest.param(
        f"On Mon, Mar 2, 2026 at 9:00 AM Anna from the service desk of Example\n<anna@example.com> wrote:\n{OURS}",
        id="Gmail, English, over two lines",
    ),
    pytest.param(f"Am Mo., 2. März 2026 um 09:00 Uhr schrieb Anna <anna@example.com>:\n\n{OURS}", id="Gmail, German"),
    pytest.param(
        f"Am Mo., 2. März 2026 um 09:00 Uhr schrieb Anna Erste vom Dienst <\nanna@example.com>:\n{OURS}",
        id="Gmail, German, over two lines",
    ),
    pytest.param(f"Anna <anna@example.com> 于2026年3月2日周一 09:00写道:\n\n{OURS}", id="Gmail, Chinese"),
    pytest.param(f"Anna <anna@example.com> 於 2026年3月2日 週一 上午9:00寫道:\n\n{OURS}", id="Gmail, Taiwan"),
    pytest.param(f"On 2. Mar 2026, at 09:00, Anna <anna@example.com> wrote:\n\n{OURS}", id="Apple Mail, English"),
    pytest.param(f"Am 02.03.2026 um 09:00 schrieb Anna <anna@example.com>:\n\n{OURS}", id="Apple Mail, German"),
    pytest.param(f"2026年3月2日 09:00,Anna <anna@example.com> 写道:\n\n{OURS}", id="Apple Mail, Chinese"),
    pytest.param(f"Begin forwarded message:\n\nFrom: Anna <a@example.com>\n{OURS}", id="Apple Mail, forwarded"),
    pytest.param(f"Anfang der weitergeleiteten Nachricht:\n\nVon: Anna\n{OURS}", id="Apple Mail, forwarded, German"),
    pytest.param(
        "From: Anna <anna@example.com>\nSent: Monday, March 2, 2026 9:00 AM\nTo: Olga\nSubject: RE: 81001\n\n" + OURS,
        id="Outlook, English",
    ),
    pytest.param(
        "________________________________\nFrom: Anna\nSent: Monday, March 2, 2026 9:00 AM\n" + OURS,
        id="Outlook on the web",
    ),
    pytest.param(
        "Von: Service Desk\nGesendet: Montag, 2. März 2026 09:00\nAn: Olga\nBetreff: AW: 81001\n\n" + OURS,
        id="Outlook, German, without an address",
    ),
    pytest.param(
        "发件人: Anna <anna@example.com>\n发送时间: 2026年3月2日 9:00\n收件人: Olga\n主题: 答复: 81001\n\n" + OURS,
        id="Outlook, Chinese",
    ),
    pytest.param(
        "寄件者: Anna\n寄件日期: 2026年3月2日 上午 09:00\n收件者: Olga\n主旨: RE: 81001\n\n" + OURS,
        id="Outlook, Taiwan",
    ),
    pytest.param(f"-----Original Message-----\nFrom: Anna\n{OURS}", id="Outlook, plain text"),
    pytest.param(f"-----Ursprüngliche Nachricht-----\nVon: Anna\n{OURS}", id="Outlook, plain text, German"),
    pytest.param(f"-----邮件原件-----\n发件人: Anna\n{OURS}", id="Outlook, plain text, Chinese"),
    pytest.param(
        "From: Anna <anna@example.com>\nDate: Monday, 2 March 2026 at 09:00\nTo: Olga\nSubject: 81001\n" + OURS,
        id="Outlook for Mac",
    ),
    pytest.param(
        "*From:* Anna <anna@example.com>\n*Sent:* Monday, March 2, 2026\n*To:* Olga\n" + OURS, id="bold headings"
    ),
    pytest.param(
        'Gesendet: Montag, 02. März 2026 um 09:00 Uhr\nVon: "Anna" <anna@example.com>\nAn: olga@gmx.example\n'
        f"Betreff: Re: 81001\n{OURS}",
        id="GMX and web.de",
    ),
    pytest.param(f"Sent: Monday, March 02, 2026 at 9:00 AM\nFrom: Anna\nTo: Olga\n{OURS}", id="GMX, English"),
    pytest.param(f"------------------ 原始邮件 ------------------\n发件人: Anna\n{OURS}", id="QQ"),
    pytest.param(f"------------------ Original ------------------\nFrom: Anna\n{OURS}", id="QQ, English"),
    pytest.param(f"------------------\xa0原始邮件\xa0------------------\n{OURS}", id="QQ, with its own blanks"),
    pytest.param(f"发件人: Anna\n发送时间: 2026-03-02 09:00\n收件人: olga\n主题: Re: 81001\n{OURS}", id="Foxmail"),
    pytest.param(f'在 2026-03-02 09:00:00,"Anna" <anna@example.com> 写道:\n{OURS}', id="163"),
    pytest.param(f'At 2026-03-02 09:00:00, "Anna" <anna@example.com> wrote:\n{OURS}', id="163, English"),
    pytest.param(
        f"---- 回复的原邮件 ----\n| 发件人 | Anna |\n| 日期 | 2026年03月02日 09:00 |\n{OURS}", id="163's own app"
    ),
    pytest.param(f"| 发件人 | Anna |\n| 发送日期 | 2026年03月02日 09:00 |\n| 收件人 | Olga |\n{OURS}", id="a table"),
    pytest.param(f"On Monday, March 2, 2026 at 09:00:00 AM GMT+1, Anna <a@b> wrote:\n{OURS}", id="Yahoo"),
    pytest.param(f"Anna schrieb am 02.03.2026 um 09:00:\n{OURS}", id="who before when, German"),
    pytest.param(f"On 02.03.26 09:00, Anna wrote:\n{OURS}", id="Thunderbird"),
    pytest.param(f"-------- Weitergeleitete Nachricht --------\nBetreff: 81001\n{OURS}", id="Thunderbird, forwarded"),
    pytest.param(f"---------- Forwarded message ---------\nFrom: Anna\n{OURS}", id="Gmail, forwarded"),
    pytest.param(f"-------- Original message --------\nFrom: Anna\n{OURS}", id="Samsung"),
]

AT_THE_END = [
    pytest.param("-- \nComplaint Ltd.", id="signature's own mark"),
    pytest.param("Kind regards\nOlga, complaint department", id="English"),
    pytest.param("Yours sincerely,\nOlga\nComplaints Ltd.", id="English letter"),
    pytest.param("Mit freundlichen Grüßen\nOlga Beschwerde", id="German"),
    pytest.param("Viele Grüße aus Köln\nOlga Beschwerde", id="German, from somewhere"),
    pytest.param("Mit freundlichen Gruessen\nOlga Beschwerde", id="German without umlauts"),
    pytest.param("MfG\nOlga Beschwerde", id="German, short"),
    pytest.param("此致\n敬礼\n投诉部", id="Chinese"),
    pytest.param("祝好\n投诉部", id="Chinese, short"),
    pytest.param("Sent from my iPhone", id="a phone"),
    pytest.param("Von meinem iPhone gesendet", id="a phone, German"),
    pytest.param("Gesendet mit der GMX Mail App\nBeschwerde", id="GMX's app"),
    pytest.param("Diese Nachricht wurde von meinem Android Mobiltelefon mit GMX Mail gesendet.", id="GMX, Android"),
    pytest.param("发自我的iPhone", id="a phone, Chinese"),
    pytest.param("来自网易邮箱大师", id="NetEase's app"),
    pytest.param("Get Outlook for iOS", id="Outlook's app"),
    pytest.param(
        "This email and any attachments are confidential.\n\nUnauthorised use may lead to legal action.",
        id="disclaimer of two paragraphs",
    ),
    pytest.param(
        "If you are not the intended recipient, a complaint will follow.", id="disclaimer, intended recipient"
    ),
    pytest.param("Diese E-Mail enthält vertrauliche Informationen. Beschwerde", id="disclaimer, German"),
    pytest.param("Wenn Sie nicht der richtige Adressat sind: Klage", id="disclaimer, German, addressee"),
    pytest.param("本邮件及其附件含有保密信息,否则将被起诉。", id="disclaimer, Chinese"),
]


@pytest.mark.parametrize("quoted", QUOTED)
def test_what_a_mail_program_quotes_is_not_said_by_the_writer(quoted: str) -> None:
    assert strip_quoted(f"Thanks, all is well.\n\n{quoted}").strip() == "Thanks, all is well."


@pytest.mark.parametrize("quoted", QUOTED)
def test_line_ends_of_windows_change_nothing(quoted: str) -> None:
    assert strip_quoted(f"Thanks.\n\n{quoted}".replace("\n", "\r\n")).strip() == "Thanks."


@pytest.mark.parametrize("end", AT_THE_END)
def test_signatures_and_disclaimers_are_not_said_by_the_writer(end: str) -> None:
    assert strip_quoted(f"Thanks, all is well.\n\n{end}").strip() == "Thanks, all is well."


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("On Monday I called you.\nNobody answered, and I wrote again.", id="on Monday"),
        pytest.param("Am Montag habe ich angerufen.\nIch beschwere mich.", id="German: on Monday"),
        pytest.param("Von: Köln\nNach: Berlin\nDer Karton war offen.", id="from Cologne to Berlin"),
        pytest.param("Name: Olga\nFrom: olga@customer.example\nMessage: I want to complain.", id="a form on the web"),
        pytest.param("From: olga@customer.example\nMessage: I want to complain.", id="a form that begins with who"),
        pytest.param("Datum: 2.3.2026\nBetreff: Rechnung\nIch beschwere mich.", id="a form, German"),
        pytest.param("My order --- the second one --- is broken.", id="dashes"),
        pytest.param("With regards to my order: I complain.", id="regards inside a sentence"),
        pytest.param("Regarding the device: it is broken.", id="regarding"),
        pytest.param("Grüße haben Sie keine für mich?", id="greetings inside a sentence"),
        pytest.param("My original message was lost.", id="original message"),
        pytest.param("我昨天写道我要投诉", id="wrote, inside a sentence"),
    ],
)
def test_what_only_looks_like_it_is_heard(body: str) -> None:
    assert strip_quoted(body) == body


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param("On Mon, 2 Mar 2026 at 09:00, Anna wrote:\n> All is well.\n\nNo.", "No.", id="below the quote"),
        pytest.param("> All is well.\nIt is not.\n> Really.\nReally not.", "It is not.\nReally not.", id="between"),
        pytest.param(
            "This email may come from outside.\n\nI want to complain.", "I want to complain.", id="a warning above"
        ),
        pytest.param(
            "It is broken.\n\nKind regards\nOlga\n\nP.S. My lawyer knows.", "It is broken.\n\n\nP.S. My lawyer knows.",
            id="postscript",
        ),
        pytest.param("It is broken.\nMfG\nOlga\nPS: Es brennt.", "It is broken.\nPS: Es brennt.", id="short one"),
        pytest.param("", "", id="nothing"),
        pytest.param(f"> {OURS}", "", id="nothing but a quote"),
    ],
)  # fmt: skip
def test_what_is_said_around_it_is_heard(body: str, said: str) -> None:
    assert strip_quoted(body).split() == said.split()


@pytest.mark.parametrize(
    "html",
    [
        pytest.param(
            '<div>Thanks.</div><div class="gmail_quote"><div>On Mon, Mar 2, 2026 at 9:00 AM Anna &lt;a@b&gt; wrote:<br>'
            f"</div><blockquote>{OURS}</blockquote></div>",
            id="Gmail",
        ),
        pytest.param(
            "<p>Thanks.</p><hr><div><b>From:</b> Anna &lt;a@b&gt;<br><b>Sent:</b> Monday, March 2, 2026 9:00 AM<br>"
            f"<b>To:</b> Olga<br><b>Subject:</b> RE: 81001</div><div>{OURS}</div>",
            id="Outlook",
        ),
        pytest.param(
            "<div>Thanks.</div><div name='quote'><div><b>Gesendet:</b>&nbsp;Montag, 02. März 2026 um 09:00 Uhr<br/>"
            f"<b>Von:</b>&nbsp;&quot;Anna&quot; &lt;a@b&gt;<br/><b>An:</b>&nbsp;o@x</div><div>{OURS}</div></div>",
            id="GMX",
        ),
        pytest.param(
            "<div>Thanks.</div><div><br></div><div>------------------&nbsp;原始邮件&nbsp;------------------</div>"
            f"<div><b>发件人:</b>&nbsp;Anna;</div><div>{OURS}</div>",
            id="QQ",
        ),
        pytest.param(
            "<div>Thanks.</div><div><b>发件人:</b>&nbsp;<a href='mailto:a@b'>Anna</a></div>"
            f"<div><b>发送时间:</b>&nbsp;2026-03-02&nbsp;09:00</div><div>{OURS}</div>",
            id="Foxmail",
        ),
        pytest.param(
            f"<p>Thanks.</p><blockquote type='cite'>On 2. Mar 2026, at 09:00, Anna wrote:<br>{OURS}</blockquote>",
            id="Apple Mail",
        ),
        pytest.param(
            "<div>Thanks.</div><div>---- 回复的原邮件 ----</div><table><tr><td>发件人</td><td>Anna</td></tr></table>"
            f"<div>{OURS}</div>",
            id="163",
        ),
    ],
)
def test_mails_in_html_are_read_alike(html: str) -> None:
    assert strip_quoted(plain(html, content_type="text/html")).strip() == "Thanks."


@pytest.mark.parametrize("line", ["On 2 ", "Von: ", "-- ", "From: a@b\n", "> wrote:\n", "Am 2 schrieb ", "\n\n"])
def test_a_long_mail_made_to_be_slow_is_read_in_a_moment(line: str) -> None:
    began = time.process_time()
    strip_quoted(line * (20_000 // len(line)))
    assert time.process_time() - began < 2
