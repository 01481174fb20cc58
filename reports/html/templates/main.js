// Starts everything.

function startBanner() {
  for (const link of document.querySelectorAll('.counts a')) {
    link.addEventListener('click', () => showOnlyStatus(link.dataset.status));
  }
  for (const button of document.querySelectorAll('button.copy')) {
    button.addEventListener('click', () => copyText(button));
  }
}

// The older command works for pages opened from a file in every browser.
function copyText(button) {
  getSelection().selectAllChildren(button.previousElementSibling);
  button.textContent = document.execCommand('copy') ? 'copied' : 'press Ctrl+C';
}

document.documentElement.classList.add('scripted');
startTable();
startTrouble();
startOverview();
startBanner();
startPanel();
