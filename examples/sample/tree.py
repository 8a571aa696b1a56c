"""The category tree: which kinds of products there are, what they are called, of what they are made."""

from __future__ import annotations

from dataclasses import dataclass

# Two lines a kind: name, department, materials, size systems, lowest and highest price in euros, shape
# (look-alikes share one); then two synonyms in English, German, French (with the gender, a capital in the
# plural) and Korean. Homonyms are meant: mouse, glasses, bowl, case, notebook, Box, Kanne, Uhr. Adult
# products are drawn as harmless packages, so that only their words tell.
TABLE = """
mug | Home > Kitchen > Mugs | ceramic glass metal | ml pcs | 6-25 | mug
Mug, Coffee Cup | Becher, Kaffeetasse | Mug m, Tasse à café f | 머그컵, 머그잔
teapot | Home > Kitchen > Teapots | ceramic glass metal | ml letter | 15-60 | teapot
Teapot, Tea Pot | Teekanne, Kanne | Théière f, Pot à thé m | 찻주전자, 주전자
pan | Home > Kitchen > Pans | metal ceramic | cm pcs | 15-80 | pan
Frying Pan, Skillet | Bratpfanne, Pfanne | Poêle f, Poêle à frire f | 프라이팬, 팬
bowl | Home > Kitchen > Bowls | ceramic wood glass | cm ml pcs | 8-40 | bowl
Bowl, Dish | Schale, Schüssel | Bol m, Saladier m | 그릇, 볼
wineglass | Home > Kitchen > Glasses | glass plastic | ml pcs | 8-45 | wineglass
Wine Glass, Glasses | Weinglas, Gläser | Verre à vin m, Verres M | 와인 글라스, 글라스
lamp | Home > Lighting > Lamps | metal cotton paper | cm letter | 20-120 | lamp
Table Lamp, Lamp | Tischlampe, Lampe | Lampe de table f, Lampe f | 램프, 테이블 램프
cushion | Home > Living > Cushions | cotton wool leather | cm pcs | 10-50 | cushion
Cushion, Throw Pillow | Kissen, Zierkissen | Coussin m, Coussin déco m | 쿠션, 등쿠션
chair | Home > Furniture > Chairs | wood plastic leather | pcs letter | 40-220 | chair
Chair, Dining Chair | Stuhl, Esszimmerstuhl | Chaise f, Chaise de cuisine f | 의자, 식탁 의자
clock | Home > Living > Clocks | wood metal plastic | cm letter | 15-90 | clock
Wall Clock, Clock | Wanduhr, Uhr | Horloge murale f, Horloge f | 벽시계, 시계
vase | Home > Living > Vases | ceramic glass | cm ml | 10-70 | vase
Vase, Flower Vase | Vase, Blumenvase | Vase m, Vase à fleurs m | 꽃병, 장식 꽃병
rug | Home > Textiles > Rugs | wool cotton | cm letter | 25-200 | sheet
Rug, Carpet | Teppich, Läufer | Tapis m, Tapis de salon m | 러그, 거실 러그
towel | Home > Bath > Towels | cotton | cm letter pcs | 6-40 | sheet
Towel, Hand Towel | Handtuch, Gästetuch | Serviette f, Serviette de bain f | 수건, 목욕 수건
planter | Garden > Pots > Planters | ceramic plastic | cm ml | 10-80 | vase
Planter, Garden Pot | Pflanzgefäß, Gartenvase | Pot de fleurs m, Pot de jardin m | 화분, 정원 화분
petbowl | Pets > Feeding > Bowls | ceramic metal plastic | cm ml pcs | 6-30 | petbowl
Bowl, Dish | Napf, Schüssel | Gamelle f, Bol m | 밥그릇, 그릇
tshirt | Fashion > Tops > T-Shirts | cotton | letter pcs | 8-45 | tshirt
T-Shirt, Tee | T-Shirt, Shirt | T-shirt m, Tee-shirt m | 티셔츠, 반팔 티셔츠
hoodie | Fashion > Tops > Hoodies | cotton wool | letter | 20-90 | hoodie
Hoodie, Hooded Sweatshirt | Hoodie, Kapuzenpullover | Sweat à capuche m, Sweat m | 후드티, 기모 후드티
trousers | Fashion > Bottoms > Trousers | cotton wool leather | letter | 18-110 | trousers
Trousers, Pants | Hose, Stoffhose | Pantalon m, Pantalon droit m | 바지, 일자 바지
dress | Fashion > Dresses > Summer | cotton | letter | 20-130 | dress
Dress, Summer Dress | Kleid, Sommerkleid | Robe f, Robe d'été f | 원피스, 여름 원피스
cap | Fashion > Hats > Caps | cotton canvas leather | letter cm | 8-40 | cap
Cap, Baseball Cap | Kappe, Baseballmütze | Casquette f, Casquette de baseball f | 모자, 야구 모자
backpack | Fashion > Bags > Backpacks | canvas leather | cm letter | 20-120 | backpack
Backpack, Rucksack | Rucksack, Schulrucksack | Sac à dos m, Sac d'école m | 백팩, 학생 백팩
handbag | Fashion > Bags > Handbags | leather canvas | cm letter | 25-190 | handbag
Handbag, Tote Bag | Handtasche, Tasche | Sac à main m, Sac cabas m | 핸드백, 미니 핸드백
umbrella | Fashion > Accessories > Umbrellas | plastic canvas | cm letter | 9-45 | umbrella
Umbrella, Folding Umbrella | Regenschirm, Schirm | Parapluie m, Parapluie pliant m | 우산, 접이식 우산
eyewear | Fashion > Accessories > Eyewear | plastic metal | letter pcs | 12-150 | eyewear
Glasses, Eyeglasses | Brille, Lesebrille | Lunettes F, Lunettes de lecture F | 안경, 안경테
watch | Fashion > Accessories > Watches | leather metal | letter | 25-250 | watch
Watch, Wristwatch | Armbanduhr, Uhr | Montre f, Montre-bracelet f | 손목시계, 시계
sneaker | Fashion > Shoes > Sneakers | canvas leather | letter cm | 30-140 | sneaker
Sneakers, Running Shoes | Turnschuhe, Laufschuhe | Baskets F, Chaussures de course F | 운동화, 러닝화
boot | Fashion > Shoes > Boots | leather canvas | letter cm | 35-180 | boot
Boots, Ankle Boots | Stiefel, Stiefeletten | Bottes F, Bottines F | 부츠, 앵클부츠
speaker | Electronics > Audio > Speakers | plastic wood | cm letter | 25-220 | speaker
Speaker, Loudspeaker | Lautsprecher, Box | Enceinte f, Haut-parleur m | 스피커, 블루투스 스피커
headphones | Electronics > Audio > Headphones | plastic leather | letter pcs | 20-250 | headphones
Headphones, Headset | Kopfhörer, Headset | Casque audio m, Casque m | 헤드폰, 헤드셋
mouse | Electronics > Computing > Mice | plastic | letter pcs | 10-80 | mouse
Wireless Mouse, Mouse | Funkmaus, Maus | Souris sans fil f, Souris f | 마우스, 무선 마우스
laptop | Electronics > Computing > Laptops | metal plastic | cm letter | 250-1600 | laptop
Laptop, Notebook | Laptop, Notebook | Ordinateur portable m, PC portable m | 노트북, 노트북 컴퓨터
phonecase | Electronics > Phones > Cases | plastic leather | letter pcs | 6-35 | phonecase
Phone Case, Case | Hülle, Etui | Coque f, Étui m | 폰케이스, 케이스
pencilcase | Office > Writing > Pencil Cases | canvas leather plastic | cm letter | 5-25 | pencilcase
Pencil Case, Case | Federmäppchen, Etui | Trousse f, Étui m | 필통, 케이스
notebook | Office > Paper > Notebooks | paper leather | cm pcs | 4-30 | notebook
Notebook, Journal | Notizbuch, Heft | Carnet m, Carnet de notes m | 노트, 줄 노트
giftbox | Office > Packaging > Gift Boxes | paper wood | cm letter pcs | 3-25 | parcel
Gift Box, Box | Geschenkbox, Box | Boîte cadeau f, Coffret cadeau m | 선물 상자, 상자
plushmouse | Toys > Plush > Mice | cotton wool | cm letter | 8-35 | plushmouse
Plush Mouse, Mouse | Plüschmaus, Maus | Souris en peluche f, Souris f | 쥐 인형, 마우스 인형
shampoo | Beauty > Hair > Shampoos | plastic | ml pcs | 4-28 | bottle
Shampoo, Hair Wash | Shampoo, Haarshampoo | Shampooing m, Shampooing doux m | 샴푸, 헤어 샴푸
detergent | Household > Cleaning > Detergents | plastic | ml pcs | 4-22 | bottle
Detergent, Liquid Soap | Waschmittel, Reiniger | Lessive f, Lessive liquide f | 세제, 액체 세제
adult_toy | Adult > Toys > Sets | plastic | letter pcs | 15-90 | parcel
Adult Toy, 18+ Toy Set | Erotik-Spielzeug, Sexspielzeug | Sextoy m, Jouet pour adultes m | 성인용품, 성인 토이
lingerie | Adult > Lingerie > Sets | cotton | letter pcs | 15-80 | parcel
Sexy Lingerie, Sexy Bra | Sexy Dessous, Reizwäsche | Lingerie sexy f, Body sexy m | 섹시 란제리, 섹시 속옷
"""


@dataclass(frozen=True)
class Kind:
    """A kind of product, the leaf of a three-level tree."""

    name: str
    department: str
    materials: tuple[str, ...]
    sizes: tuple[str, ...]  # keys of vocabulary.SIZES
    price: tuple[int, int]  # lowest and highest, in euros
    shape: str  # key of shapes.SHAPES
    words: dict[str, tuple[str, str]]  # language: two synonyms
    genders: tuple[str, str]  # of the French words: m, f, and M, F in the plural

    @property
    def adult(self) -> bool:
        """Whether it stands in the adult department."""
        return self.department.startswith("Adult")


def _read(facts: str, words: str) -> Kind:
    name, department, materials, sizes, price, shape = facts.split(" | ")
    en, de, fr, ko = (tuple(part.split(", ")) for part in words.split(" | "))
    low, high = price.split("-")
    return Kind(
        name,
        department,
        tuple(materials.split()),
        tuple(sizes.split()),
        (int(low), int(high)),
        shape,
        {"en": (en[0], en[1]), "de": (de[0], de[1]), "fr": (fr[0][:-2], fr[1][:-2]), "ko": (ko[0], ko[1])},
        (fr[0][-1], fr[1][-1]),
    )


_LINES = TABLE.strip().split("\n")
KINDS = {kind.name: kind for kind in (_read(*pair) for pair in zip(_LINES[::2], _LINES[1::2], strict=True))}
COMMON = tuple(kind for kind in KINDS.values() if not kind.adult)
ADULT = tuple(kind for kind in KINDS.values() if kind.adult)
