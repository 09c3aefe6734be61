// A Google sheet as CRM, for `esl-router new NAME --preset google-sheet`. Put this into Extensions -> Apps Script of the sheet, set the
// script property KEY (Project settings) to a long random text, and deploy it as a web app: execute as you, access for anyone.
// Sheet "owners": column A the caller's number as text in E.164 ('+380501234567), column B his owner's extension.

function doGet(e) {
  return ContentService.createTextOutput(JSON.stringify(answer(e.parameter))).setMimeType(
    ContentService.MimeType.JSON,
  );
}

function answer(asked) {
  const key = PropertiesService.getScriptProperties().getProperty('KEY');
  if (!key || asked.key !== key) return { error: 'wrong key' };
  const rows = SpreadsheetApp.getActive().getSheetByName('owners').getDataRange().getDisplayValues();
  const found = rows.filter(
    ([phone]) => phone.trim() !== '' && phone.replace(/[\s().-]/g, '') === asked.phone,
  );
  const owners = [...new Set(found.map(([, extension]) => extension.trim()).filter(Boolean))];
  // Several owners of one number: nobody, rather than the wrong one.
  return { destination: owners.length === 1 ? owners[0] : null };
}
