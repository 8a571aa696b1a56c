"""Words that tell variants apart, in several languages: edit here to teach the duplicate finder a word.

Each table maps a word as it stands in a lower-case title to what it means; words of one meaning are no conflict.
Words that mean something else as often ("gold standard", "small talk") are left out.
"""

from __future__ import annotations


def _table(lines: str) -> dict[str, str]:
    pairs = (line.split(":") for line in lines.strip().splitlines())
    return {word.strip(): meaning.strip() for meaning, words in pairs for word in words.split(",")}


# English, German, French, Spanish, Italian, Indonesian, Korean, Japanese, Chinese
COLOURS = _table("""
    red: red, rot, rote, roter, rotes, rouge, rouges, rojo, roja, rosso, rossa, merah, 빨간, 빨강, 빨간색, 레드, 赤, レッド, 红色, 红
    blue: blue, blau, blaue, blauer, blaues, bleu, bleue, azul, blu, biru, 파란, 파랑, 파란색, 블루, 青, ブルー, 蓝色, 蓝
    green: green, grün, grüne, grüner, grünes, vert, verte, verde, hijau, 초록, 초록색, 녹색, 그린, 緑, グリーン, 绿色, 绿
    yellow: yellow, gelb, gelbe, gelber, gelbes, jaune, amarillo, amarilla, giallo, gialla, kuning, 노란, 노랑, 노란색, 옐로우, 옐로, 黄, イエロー, 黄色
    black: black, schwarz, schwarze, schwarzer, schwarzes, noir, noire, negro, negra, nero, nera, hitam, 검은, 검정, 검정색, 블랙, 黒, ブラック, 黑色, 黑
    white: white, weiß, weiss, weiße, weißer, weißes, blanc, blanche, blanco, blanca, bianco, bianca, putih, 흰, 흰색, 하얀, 화이트, 白, ホワイト, 白色
    pink: pink, rosa, rose, 분홍, 분홍색, 핑크, ピンク, 粉色, 粉红
    purple: purple, violet, lila, violett, violette, mauve, morado, morada, viola, ungu, 보라, 보라색, 퍼플, 紫, パープル, 紫色
    orange: orange, naranja, arancione, oranye, 주황, 주황색, 오렌지, オレンジ, 橙色
    brown: brown, braun, braune, brauner, braunes, marron, brun, brune, marrón, marrone, coklat, 갈색, 브라운, 茶色, ブラウン, 棕色
    grey: grey, gray, grau, graue, grauer, graues, gris, grise, grigio, grigia, 회색, 그레이, グレー, 灰色
    beige: beige, beis, 베이지, ベージュ, 米色
    navy: navy, navyblau, marine, marineblau, 네이비, 남색, ネイビー, 藏青色
    turquoise: turquoise, türkis, turquesa, tosca, 청록색, 터키색
    maroon: maroon, bordeaux, burgundy, weinrot, 버건디, 와인색
    khaki: khaki, 카키, カーキ
    silver: silver, silber, argenté, argent, plateado, perak, 실버, 은색, シルバー, 银色
    gold: gold, golden, goldfarben, doré, dorado, emas, 골드, 금색, ゴールド, 金色
""")

# Words for sizes; numbers with units, bare numbers and codes are found by their form.
SIZES = _table("""
    xxs: xxs
    xs: xs, extra small
    s: s
    m: m
    l: l
    xl: xl, extra large
    xxl: xxl, 2xl
    xxxl: xxxl, 3xl
    4xl: xxxxl, 4xl
    5xl: 5xl
    small: small, klein, kleine, petit, petite, pequeño, pequeña, kecil, 소형, 스몰, 小
    medium: medium, mittel, mittelgroß, moyen, moyenne, mediano, mediana, sedang, 중형, 미디엄, 中
    large: large, groß, gross, grand, grande, besar, 대형, 라지, 大
    mini: mini, 미니, ミニ
    king: king size, kingsize
    queen: queen size, queensize
""")

AUDIENCE = _table("""
    men: men, mens, men's, man, herren, herr, homme, hommes, hombre, hombres, uomo, pria, cowok, 남성, 남자, 남성용, メンズ, 男, 男士
    women: women, womens, women's, woman, ladies, damen, femme, femmes, mujer, mujeres, donna, wanita, cewek, 여성, 여자, 여성용, レディース, 女, 女士
    boys: boys, boy, jungen, garçon, garçons, niño, niños, 남아, 男童
    girls: girls, girl, mädchen, fille, filles, niña, niñas, 여아, 女童
    kids: kids, kid, children, kinder, enfant, enfants, anak, 아동, 키즈, 유아, キッズ, 儿童
    baby: baby, babies, bébé, bebé, bayi, 아기, 베이비, ベビー, 婴儿
""")

# Unit -> what it measures, and how many of the base unit it is.
UNITS: dict[str, tuple[str, float]] = {
    **{u: ("volume", f) for u, f in {"ml": 1, "cl": 10, "dl": 100, "l": 1000, "liter": 1000, "litre": 1000,
                                     "litres": 1000, "ltr": 1000, "fl oz": 29.5735, "리터": 1000}.items()},
    **{u: ("weight", f) for u, f in {"mg": 0.001, "g": 1, "gr": 1, "gram": 1, "gramm": 1, "grams": 1, "kg": 1000,
                                     "kilo": 1000, "oz": 28.3495, "lb": 453.592, "lbs": 453.592, "그램": 1}.items()},
    **{u: ("length", f) for u, f in {"mm": 1, "cm": 10, "m": 1000, "meter": 1000, "metre": 1000, "inch": 25.4,
                                     "inches": 25.4, "zoll": 25.4, "pouces": 25.4, "ft": 304.8, "인치": 25.4}.items()},
    **{u: ("storage", f) for u, f in {"kb": 1e-6, "mb": 1e-3, "gb": 1, "go": 1, "tb": 1000, "to": 1000}.items()},
    **{u: ("power", f) for u, f in {"w": 1, "watt": 1, "watts": 1, "kw": 1000}.items()},
    **{u: ("voltage", f) for u, f in {"v": 1, "volt": 1, "volts": 1}.items()},
    **{u: ("charge", f) for u, f in {"mah": 1, "ah": 1000}.items()},
    **dict.fromkeys(("pack", "packs", "pcs", "pc", "pieces", "piece", "pairs", "count", "ct", "stück", "stk", "er pack", "er set", "pièces", "paires", "piezas", "unidades", "pezzi", "buah", "개", "개입", "켤레", "매", "個", "枚", "个", "只", "x"), ("pack", 1.0)),
}  # fmt: skip
PACK_BEFORE = ("pack of", "set of", "box of", "lot de", "pack de", "set de", "juego de", "isi", "x")
