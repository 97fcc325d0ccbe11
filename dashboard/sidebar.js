// On a phone the navigation lies over the page: following one of its links closes it.
if (!window.mingjingSidebar) {
  window.mingjingSidebar = true;
  const narrow = window.matchMedia("(max-width: 768px)");
  document.addEventListener("click", (event) => {
    if (narrow.matches && event.target.closest(".st-key-navigation a")) {
      document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
    }
  });
}
