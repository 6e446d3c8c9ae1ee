/** Names and notes of the sample firm's people; all invented. */
export const GIVEN_NAMES = ['ada', 'bela', 'chidi', 'dana', 'emeka', 'farah', 'goran', 'hana', 'ines', 'jonas', 'kaito', 'leila', 'mateo', 'nadia', 'oskar', 'priya', 'quentin', 'rosa', 'sven', 'tomoko', 'ulrike', 'vikram', 'wanjiru', 'xenia', 'yusuf', 'zofia'] as const;
export const FAMILY_NAMES = ['abara', 'brandt', 'costa', 'dvorak', 'eriksen', 'fischer', 'garcia', 'hughes', 'ivanova', 'jensen', 'kowalski', 'lindqvist', 'moreau', 'nakamura', 'okafor', 'petrov', 'quist', 'raman', 'sato', 'tran', 'umarov', 'vega', 'weber', 'xu', 'yilmaz', 'zhang'] as const;

/** More than any timesheet has entries, so that no two entries of one have the same. */
export const NOTES = [
  'Workshop with the client, notes in the project folder',
  'Review of the interface specification',
  'Datenmigration: Probelauf und Abgleich',
  'Réunion de cadrage, compte rendu envoyé',
  'Pruebas de aceptación con la señora Muñoz',
  '要件定義レビュー',
  'データ移行の検証',
  '客户现场调研',
  'Подготовка отчёта',
  'Σχεδιασμός διαδικασίας',
  'परीक्षण और सुधार',
  'مراجعة الخطة',
  'Fix for ticket 4711 🛠️',
  'Go-live rehearsal 👩‍💻🚀',
  'Cut-over plan, second draft',
  'Zażółć gęślą jaźń: Zeichensatztest',
  'Steering committee, slides and minutes',
  'Türkçe arayüz denetimi: ığüşöç İ',
  'Backlog grooming with the product owner',
  'Performance test — 95th percentile halved',
  'Training of key users',
  'Análise de riscos',
  'Interviews “as is”, three departments',
  'Data model: naïve join replaced',
  'Übergabe an den Betrieb',
  'Roll-out to site №7',
  'Report on open items (½ day)',
  '한국 지사와의 화상 회의',
] as const;
