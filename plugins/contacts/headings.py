"""Spellings under which the fields of a contact come in other people's files, English and Russian."""

from __future__ import annotations

# Field -> spellings. Case, punctuation, numbering and common abbreviations are dealt with by the guesser;
# exports of Google and Outlook, of booking systems, and headings that people type themselves are all here.
ALIASES: dict[str, tuple[str, ...]] = {
    "name": (
        "Name", "Full name", "Client", "Customer", "Client name", "Customer name", "Guest", "Person",
        "Contact", "Contact name", "Display name", "File as", "First and last name",
        "Last and first name", "ФИО", "Ф.И.О.", "ФИО клиента", "Фамилия Имя Отчество", "Фамилия Имя",
        "Фамилия и имя", "Имя Фамилия", "Имя и фамилия", "Имя, фамилия", "Клиент", "Имя клиента", "Имя",
        "Полное имя", "Покупатель", "Гость", "Посетитель", "Контакт", "Контактное лицо", "Как зовут",
        "Как обращаться", "Ф.И.",
    ),
    "last_name": (
        "Last name", "Surname", "Family name", "Second name", "Lastname", "Фамилия", "Фам.",
        "Фамилия клиента",
    ),
    "first_name": ("First name", "Given name", "Forename", "Firstname", "Name", "Имя", "Имя клиента"),
    "middle_name": (
        "Middle name", "Additional name", "Patronymic", "Middlename", "Отчество", "Отч.", "Второе имя",
        "Отчество клиента",
    ),
    "phones": (
        "Phone", "Phones", "Phone number", "Telephone", "Tel", "Mobile", "Mobile phone", "Cell",
        "Cell phone", "Home phone", "Business phone", "Work phone", "Other phone", "Primary phone",
        "Company main phone", "Contact phone", "Alternative phone", "Alt. tel", "Alt. phone",
        "Landline", "WhatsApp", "Viber", "Phone 2", "Телефон", "Телефоны",
        "Тел.", "Моб.", "Мобильный", "Мобильный телефон", "Моб. телефон", "Сотовый", "Сот.",
        "Сотовый телефон", "Номер телефона", "Номер тел.", "Контактный телефон", "Рабочий телефон",
        "Домашний телефон", "Доп. телефон", "Дополнительный телефон", "Другой телефон", "Второй телефон",
        "Контакты", "Городской телефон", "Ватсап", "Вотсап", "Вайбер",
    ),
    "emails": (
        "E-mail", "Email", "E-mail address", "Mail", "E-mail 2 address", "Electronic mail", "Почта",
        "Эл. почта", "Электронная почта", "Эл. адрес", "Электронный адрес", "Адрес эл. почты",
        "Адрес электронной почты", "Имейл", "Емейл", "Емайл", "Мейл", "Мыло", "Е-мейл", "Е-майл",
    ),
    "birthday": (
        "Birthday", "Birth date", "Date of birth", "Born", "DOB", "Birthdate", "B-day", "Дата рождения",
        "Дата рожд.", "День рождения", "День рожд.", "ДР", "Д.Р.", "Д/р", "Родился", "Родилась",
        "Рождение", "Дата рождения клиента", "Др клиента", "Д.рожд.", "Дата р.", "Число рождения",
        "Днюха",
    ),
    "sex": ("Sex", "Gender", "Пол", "Пол клиента"),
    "tags": (
        "Tags", "Tag", "Labels", "Categories", "Group membership", "Groups", "Keywords", "Segment",
        "Теги", "Тег", "Тэги", "Метки", "Метка", "Группа", "Группы", "Категория", "Категории", "Ярлыки",
        "Ярлык", "Сегмент",
    ),
    "source": (
        "Source", "How did you hear about us", "How did you find us", "Lead source", "Referral source",
        "Channel", "Advertising source", "Heard from", "Источник", "Откуда узнал", "Откуда узнали",
        "Откуда узнала", "Откуда", "Откуда пришел", "Откуда о нас узнали", "Источник рекламы",
        "Источник информации", "Реклама", "Рекламный источник", "Канал", "Канал привлечения",
        "Как узнали о нас", "Источник привлечения", "Откуда клиент",
    ),
    "reason": (
        "Reason", "Reason for coming", "Reason of visit", "Purpose", "Причина", "Причина обращения",
        "Повод", "Цель обращения", "Цель визита", "С чем обратился", "Запрос",
    ),
    "note": (
        "Note", "Notes", "Comment", "Comments", "Remark", "Remarks", "Description", "Memo", "About",
        "Примечание", "Примечания", "Прим.", "Комментарий", "Комментарии", "Коммент", "Комм.", "Заметка",
        "Заметки", "Описание", "Дополнительно", "Доп. информация", "Дополнительная информация",
        "Особенности", "Пометки", "Пометка", "Важно", "Информация",
    ),
    "spent_before": (
        "Spent before", "Spent", "Total spent", "Money spent", "Total sales", "Revenue", "Turnover",
        "Lifetime value", "LTV", "Paid", "Total paid", "Amount spent", "Purchases", "Sum of purchases",
        "Оборот", "Сумма покупок", "Потрачено", "Сумма", "Всего потрачено", "Сумма продаж", "Продано",
        "Оплачено", "Всего оплачено", "Покупки", "Сумма оплат", "Выручка", "Сумма заказов",
        "Итого оплачено", "Покупок на сумму", "Израсходовано", "Сумма затрат", "Сколько потратил",
        "Потратил", "Потратила", "Траты", "Сумма визитов", "На сумму",
    ),
    "addresses": (
        "Address", "Addresses", "Home address", "Postal address", "Street address", "Mailing address",
        "Business address", "Адрес", "Адреса", "Домашний адрес", "Адрес проживания", "Почтовый адрес",
        "Место жительства", "Адрес клиента", "Адрес доставки", "Фактический адрес", "Адрес регистрации",
        "Юридический адрес",
    ),
    "company": (
        "Company", "Organization", "Organisation", "Organization name", "Company name", "Employer",
        "Business name", "Компания", "Организация", "Фирма", "Место работы", "Название компании",
        "Работодатель", "Предприятие", "Название организации",
    ),
    "position": (
        "Position", "Job title", "Title", "Organization title", "Occupation", "Profession", "Role",
        "Должность", "Профессия", "Род занятий", "Кем работает",
    ),
    "tax_number": (
        "Tax number", "Tax ID", "VAT number", "VAT", "TIN", "Tax identification number", "ИНН",
        "ИНН клиента", "Налоговый номер", "ИНН организации", "ИНН/КПП",
    ),
    "kind": (
        "Kind", "Type", "Client type", "Customer type", "Person or company", "Вид", "Вид клиента", "Тип", "Тип клиента",
        "Тип контрагента", "Физлицо или компания", "Физ/юр",
    ),
    "is_supplier": ("Supplier", "Vendor", "Поставщик"),
    "is_prospect": ("Prospect", "Lead", "Потенциальный клиент"),
    "must_know": ("Staff must know", "Alert", "Warning", "Важно знать", "Внимание"),
    "health_notes": (
        "Health notes", "Allergies", "Allergy", "Contraindications", "Medical notes", "Здоровье", "Аллергии",
        "Аллергия", "Противопоказания", "Медицинские особенности", "Диагноз",
    ),
    "blocked": ("Blocked", "Black list", "Blacklist", "Черный список", "ЧС", "В черном списке", "Заблокирован"),
    "blocked_reason": ("Why blocked", "Reason of block", "Причина блокировки"),
    "preferred_channel": ("Preferred channel", "Preferred contact method", "Способ связи", "Предпочитаемый канал"),
    "silent": ("No advertising", "Unsubscribed", "Do not disturb", "Без рекламы", "Не беспокоить", "Отписан"),
    "website": ("Website", "Web site", "Web page", "URL", "Website 1", "Сайт", "Веб-сайт", "Страница"),
    "marital_status": ("Marital status", "Семейное положение"),
    "household": ("Household", "Family", "Children", "Семья", "Дети", "Супруг", "Питомцы"),
    "categories": ("Client category", "Категория клиента", "Класс клиента"),
    "legal_name": ("Legal name", "Юридическое название", "Юр. лицо", "Полное наименование", "Юридическое лицо"),
    "tax_reason_code": ("Tax registration code", "КПП"),
    "registration_number": ("Registration number", "ОГРН", "ОГРНИП", "ОГРН/ОГРНИП"),
    "bank_name": ("Bank", "Bank name", "Банк", "Название банка", "Наименование банка"),
    "bank_code": ("Bank code", "BIC", "SWIFT", "БИК"),
    "bank_account": (
        "Account", "Bank account", "IBAN", "Account number", "Расчетный счет", "Р/с", "Р/счет", "Счет",
    ),
    "correspondent_account": ("Correspondent account", "Корреспондентский счет", "Корр. счет", "К/с"),
    "client_since": (
        "Client since", "Customer since", "Registered", "Registration date", "First visit", "Клиент с",
        "Дата регистрации", "Дата создания", "Дата добавления", "Дата первого визита", "Первый визит",
    ),
}  # fmt: skip
