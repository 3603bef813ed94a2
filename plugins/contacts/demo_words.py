"""The words of which the demo's clients are made. Every name is common; no person is meant."""

from __future__ import annotations

from dataclasses import dataclass

WOMEN_RU = (
    "Александра", "Алёна", "Алина", "Алиса", "Алла", "Анастасия", "Ангелина", "Анна", "Антонина",
    "Валентина", "Валерия", "Варвара", "Василиса", "Вера", "Вероника", "Виктория", "Галина", "Дарья",
    "Диана", "Ева", "Евгения", "Екатерина", "Елена", "Елизавета", "Жанна", "Зоя", "Инна", "Ирина", "Карина",
    "Кира", "Кристина", "Ксения", "Лариса", "Лидия", "Любовь", "Людмила", "Майя", "Маргарита", "Марина",
    "Мария", "Милана", "Надежда", "Наталья", "Нина", "Оксана", "Олеся", "Ольга", "Полина", "Светлана",
    "София", "Таисия", "Тамара", "Татьяна", "Ульяна", "Эльвира", "Юлия", "Яна",
)  # fmt: skip
MEN_RU = (
    "Александр", "Алексей", "Анатолий", "Андрей", "Антон", "Артём", "Борис", "Вадим", "Валерий", "Виктор",
    "Виталий", "Владимир", "Владислав", "Вячеслав", "Геннадий", "Георгий", "Глеб", "Григорий", "Даниил",
    "Денис", "Дмитрий", "Евгений", "Егор", "Иван", "Игорь", "Илья", "Кирилл", "Константин", "Максим",
    "Марк", "Матвей", "Михаил", "Никита", "Николай", "Олег", "Павел", "Пётр", "Роман", "Руслан", "Сергей",
    "Станислав", "Степан", "Тимур", "Фёдор", "Юрий", "Ярослав",
)  # fmt: skip
# Last names of men; a woman's takes an "а" ("-ский" becomes "-ская").
LAST_RU = (
    "Абрамов", "Авдеев", "Агафонов", "Алексеев", "Андреев", "Антонов", "Афанасьев", "Баранов", "Белов",
    "Беляев", "Березин", "Богданов", "Борисов", "Васильев", "Виноградов", "Власов", "Волков", "Воробьёв",
    "Воронцов", "Гаврилов", "Герасимов", "Голубев", "Гончаров", "Горбунов", "Григорьев", "Громов", "Гусев",
    "Давыдов", "Данилов", "Дементьев", "Денисов", "Дмитриев", "Дорофеев", "Егоров", "Ермаков", "Ершов",
    "Ефимов", "Жданов", "Журавлёв", "Зайцев", "Захаров", "Зимин", "Зорин", "Зуев", "Игнатов", "Ильин",
    "Исаев", "Казаков", "Калинин", "Карпов", "Киселёв", "Климов", "Ковалёв", "Козлов", "Комаров", "Королёв",
    "Крылов", "Кудрявцев", "Кузьмин", "Лаврентьев", "Лебедев", "Леонтьев", "Логинов", "Макаров", "Максимов",
    "Мартынов", "Матвеев", "Медведев", "Мельников", "Миронов", "Морозов", "Назаров", "Никитин", "Никифоров",
    "Новиков", "Одинцов", "Орлов", "Осипов", "Павлов", "Панов", "Петров", "Поляков", "Пономарёв",
    "Прохоров", "Рогов", "Родионов", "Романов", "Рябов", "Савельев", "Самойлов", "Семёнов", "Сергеев",
    "Сидоров", "Соболев", "Соколов", "Соловьёв", "Сорокин", "Степанов", "Суворов", "Тарасов", "Терентьев",
    "Тимофеев", "Титов", "Тихонов", "Третьяков", "Трофимов", "Ушаков", "Фадеев", "Федотов", "Филиппов",
    "Фомин", "Фролов", "Харитонов", "Чернов", "Чистяков", "Шубин", "Щербаков", "Юдин", "Яковлев",
    "Вишневский", "Каменский", "Левитский", "Островский", "Раевский", "Садовский",
)  # fmt: skip
# Fathers: the patronymics of a man and a woman.
FATHERS = (
    ("Александрович", "Александровна"), ("Алексеевич", "Алексеевна"), ("Андреевич", "Андреевна"),
    ("Борисович", "Борисовна"), ("Васильевич", "Васильевна"), ("Викторович", "Викторовна"), ("Владимирович",
    "Владимировна"), ("Геннадьевич", "Геннадьевна"), ("Дмитриевич", "Дмитриевна"), ("Евгеньевич",
    "Евгеньевна"), ("Иванович", "Ивановна"), ("Игоревич", "Игоревна"), ("Константинович", "Константиновна"),
    ("Максимович", "Максимовна"), ("Михайлович", "Михайловна"), ("Николаевич", "Николаевна"), ("Олегович",
    "Олеговна"), ("Павлович", "Павловна"), ("Петрович", "Петровна"), ("Романович", "Романовна"),
    ("Сергеевич", "Сергеевна"), ("Степанович", "Степановна"), ("Юрьевич", "Юрьевна"),
)  # fmt: skip
WOMEN_EN = (
    "Abigail", "Alice", "Amelia", "Amy", "Beth", "Caroline", "Charlotte", "Chloe", "Claire", "Daisy",
    "Eleanor", "Ella", "Emily", "Emma", "Evelyn", "Faith", "Fiona", "Florence", "Freya", "Georgia", "Grace",
    "Hannah", "Harriet", "Heather", "Holly", "Imogen", "Isabel", "Isla", "Ivy", "Jasmine", "Jessica",
    "Julia", "Kate", "Laura", "Lily", "Lucy", "Maisie", "Martha", "Matilda", "Megan", "Mia", "Molly",
    "Naomi", "Olivia", "Phoebe", "Poppy", "Rachel", "Rosie", "Ruby", "Sarah", "Scarlett", "Sophie",
    "Stella", "Tess", "Violet", "Willow", "Zoe",
)  # fmt: skip
MEN_EN = (
    "Adam", "Alfie", "Arthur", "Ben", "Charlie", "Daniel", "David", "Edward", "Ethan", "Finn", "Frederick",
    "George", "Harry", "Henry", "Hugo", "Isaac", "Jack", "Jacob", "James", "Joseph", "Leo", "Liam", "Louis",
    "Luke", "Mason", "Matthew", "Max", "Nathan", "Noah", "Oliver", "Oscar", "Owen", "Patrick", "Reuben",
    "Rory", "Samuel", "Sebastian", "Theo", "Thomas", "William",
)  # fmt: skip
LAST_EN = (
    "Abbott", "Adams", "Allen", "Atkins", "Bailey", "Baker", "Barnes", "Bell", "Bennett", "Bishop", "Booth",
    "Brooks", "Burton", "Butler", "Carter", "Chapman", "Clarke", "Coleman", "Cook", "Cooper", "Cox",
    "Davies", "Dawson", "Dixon", "Edwards", "Ellis", "Evans", "Fisher", "Fletcher", "Foster", "Fox",
    "Gibson", "Graham", "Grant", "Gray", "Green", "Griffin", "Hall", "Hamilton", "Harper", "Harris", "Hart",
    "Hayes", "Hill", "Holmes", "Howard", "Hughes", "Hunter", "Jackson", "Jenkins", "Johnson", "Jones",
    "Kelly", "Kennedy", "King", "Knight", "Lawson", "Lewis", "Lloyd", "Marshall", "Martin", "Mason",
    "Mills", "Mitchell", "Morgan", "Morris", "Murphy", "Murray", "Newton", "Owen", "Palmer", "Parker",
    "Pearson", "Perry", "Phillips", "Porter", "Powell", "Price", "Reid", "Reynolds", "Richards", "Roberts",
    "Robinson", "Rose", "Russell", "Saunders", "Scott", "Shaw", "Simpson", "Spencer", "Stevens", "Stewart",
    "Stone", "Taylor", "Thompson", "Turner", "Walker", "Walsh", "Ward", "Watson", "Webb", "Wells", "White",
    "Williams", "Wilson", "Wood", "Wright", "Young",
)  # fmt: skip


@dataclass(frozen=True)
class Words:
    """Everything else that is written on cards, in one language."""

    tags: tuple[str, ...]
    categories: tuple[str, ...]
    sources: tuple[str, ...]
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    must_know: tuple[str, ...]
    health: tuple[str, ...]
    blocked: tuple[str, ...]
    jobs: tuple[str, ...]
    places: tuple[str, ...]
    households: tuple[str, ...]
    companies: tuple[str, ...]
    company_form: str
    cities: tuple[str, ...]
    streets: tuple[str, ...]
    house: str
    timeline: tuple[str, ...]
    consent_text: str


RU = Words(
    tags=("VIP", "постоянный", "невеста", "блондинка", "студент", "окрашивание", "брови", "маникюр", "утро", "вечер"),
    categories=("Новые", "Постоянные", "Редкие гости", "Партнёры"),
    sources=("Instagram", "ВКонтакте", "2ГИС", "Яндекс Карты", "Рекомендация", "Прохожий", "Сайт", "Листовка"),
    reasons=("Стрижка", "Окрашивание", "Маникюр", "Брови и ресницы", "Макияж к празднику", "Подарочный сертификат"),
    notes=(
        "Просит не звонить до 12:00.",
        "Любит мастера Анну, к другим идёт неохотно.",
        "Приходит с маленьким сыном, дать раскраску.",
        "Кофе без сахара, с молоком.",
        "Опаздывает на 10 минут, ставить с запасом.",
        "Просит напоминать за день и за два часа.",
        "Тёплый оттенок не предлагать.",
        "Живёт за городом, удобны выходные.",
        "Платит переводом.",
        "Спрашивала про уход для дома.",
    ),
    must_know=(
        "Предупреждать о запахах: мигрень.",
        "Только холодные оттенки.",
        "Не предлагать другого мастера.",
        "Коляска: нужен первый зал.",
        "Плохо слышит правым ухом.",
    ),
    health=(
        "Аллергия на аммиак. Перед окрашиванием тест за 48 часов.",
        "Аллергия на латекс: перчатки нитриловые.",
        "Беременность, второй триместр.",
        "Чувствительная кожа головы, псориаз в анамнезе.",
        "Принимает антикоагулянты: осторожно с аппаратным педикюром.",
    ),
    blocked=("Три неявки подряд.", "Ушла, не заплатив.", "Грубила мастерам."),
    jobs=(
        "врач", "учитель", "бухгалтер", "юрист", "программист", "дизайнер", "менеджер", "фотограф", "продавец",
        "инженер", "студент", "на пенсии", "переводчик", "предприниматель", "медсестра",
    ),
    places=("директор", "главный бухгалтер", "администратор", "менеджер по закупкам", "организатор", "секретарь"),
    households=("муж и двое детей", "сын 7 лет", "дочь 3 лет, такса", "живёт с мамой", "муж, кот Барсик"),
    companies=(
        "Ромашка", "Белый налив", "Северный свет", "Арт-Декор", "Шёлк и лён", "Праздник рядом", "Зелёный чай",
        "Косметик Сервис", "Академия красоты", "Тихая гавань", "Медлайн", "Город цветов", "Бал-студия", "Вернисаж",
        "Лавка мастера", "Ателье на Садовой", "Свадьба под ключ", "Текстиль Дом", "Гамма", "Стрелка",
        "Солнечный круг", "Кофе и книги", "Детский мир радости", "Фотолофт", "Полёт", "Аквамарин", "Верста",
        "Домашний уют", "Профкосметика", "Парк-отель Лесной", "Звёздный час", "Мыльная опера", "Ваш мастер",
        "Хорошее утро", "Медовый месяц", "Театр теней", "Клуб Маяк", "Студия Лад", "Клевер", "Золотая нить",
    ),
    company_form="ООО «{}»",
    cities=("Москва", "Химки", "Мытищи", "Красногорск", "Одинцово"),
    streets=("ул. Садовая", "пр. Мира", "ул. Лесная", "ул. Гагарина", "Цветной бульвар", "ул. Новая", "ул. Речная"),
    house="{}, д. {}, кв. {}",
    timeline=(
        "Спросила о скидке ко дню рождения.",
        "Жалоба: долго ждала. Извинились, предложили маску.",
        "Хвалила новую краску.",
        "Перенесла запись по телефону.",
        "Привела подругу.",
    ),
    consent_text="2025-09-01",
)  # fmt: skip
EN = Words(
    tags=("VIP", "regular", "bride", "blonde", "student", "colour", "brows", "nails", "mornings", "evenings"),
    categories=("New", "Regulars", "Rare guests", "Partners"),
    sources=("Instagram", "Facebook", "Google Maps", "Yelp", "A friend", "Passing by", "Web site", "Flyer"),
    reasons=("Haircut", "Colour", "Manicure", "Brows and lashes", "Make-up for a party", "Gift voucher"),
    notes=(
        "Asks not to be called before noon.",
        "Likes Anna, and comes to others unwillingly.",
        "Brings her little son: have crayons ready.",
        "Coffee without sugar, with milk.",
        "Ten minutes late as a rule; leave some room.",
        "Wants reminders the day before and two hours before.",
        "Do not offer warm tones.",
        "Lives out of town, weekends suit best.",
        "Pays by transfer.",
        "Asked about care at home.",
    ),
    must_know=(
        "Warn of strong smells: migraine.",
        "Cool tones only.",
        "Never offer another stylist.",
        "Wheelchair: use the front room.",
        "Hard of hearing on the right.",
    ),
    health=(
        "Allergic to ammonia. Patch test 48 hours before colouring.",
        "Allergic to latex: nitrile gloves.",
        "Pregnant, second trimester.",
        "Sensitive scalp, psoriasis in the past.",
        "Takes blood thinners: careful with the drill.",
    ),
    blocked=("Three no-shows in a row.", "Left without paying.", "Rude to the team."),
    jobs=(
        "doctor", "teacher", "accountant", "lawyer", "programmer", "designer", "manager", "photographer", "shop assistant",
        "engineer", "student", "retired", "translator", "business owner", "nurse",
    ),
    places=("director", "chief accountant", "office manager", "buyer", "event planner", "assistant"),
    households=(
        "husband and two children", "son of 7", "daughter of 3, a dachshund", "lives with her mother", "husband, cat",
    ),
    companies=(
        "Daisy", "White Apple", "Northern Light", "Art Decor", "Silk and Linen", "Party Next Door", "Green Tea",
        "Cosmetic Service", "Beauty Academy", "Quiet Harbour", "Medline", "City of Flowers", "Ball Studio", "Vernissage",
        "Craft Shop", "Garden Street Atelier", "Wedding Works", "Textile House", "Gamma", "Arrow", "Sunny Circle",
        "Coffee and Books", "World of Joy", "Photo Loft", "Flight", "Aquamarine", "Milestone", "Home Comfort",
        "Pro Cosmetics", "Forest Park Hotel", "Star Hour", "Soap Opera", "Your Master", "Good Morning", "Honeymoon",
        "Shadow Theatre", "Lighthouse Club", "Lad Studio", "Clover", "Golden Thread",
    ),
    company_form="{} Ltd",
    cities=("London", "Richmond", "Croydon", "Watford", "Bromley"),
    streets=("Garden Street", "Park Road", "Forest Lane", "Mill Road", "Flower Walk", "New Street", "River View"),
    house="{1} {0}, flat {2}",
    timeline=(
        "Asked about a birthday discount.",
        "Complaint: waited too long. We apologised and offered a mask.",
        "Praised the new colour.",
        "Moved the appointment by phone.",
        "Brought a friend.",
    ),
    consent_text="2025-09-01",
)  # fmt: skip
